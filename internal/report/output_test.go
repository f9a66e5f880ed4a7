package report

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, name, want string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", name, got, err, want)
	}
}

func gone(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Lstat(name); err == nil {
		t.Errorf("%s is still there", name)
	}
}

func create(t *testing.T, name, text string) *Output {
	t.Helper()
	o, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOutputReplacesWhenDone(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "out", "old")
	o := create(t, "out", "new")
	holds(t, "out", "old")
	holds(t, "out.part", "new")
	if err := o.Commit(); err != nil {
		t.Fatal(err)
	}
	holds(t, "out", "new")
	gone(t, "out.part")
	if info, err := os.Stat("out"); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v: the old file's was 0640", info.Mode(), err)
	}
}

func TestOutputKeepsPart(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "out", "old")
	o := create(t, "out", "new")
	if o.Part() != "out.part" {
		t.Errorf("part is called %q", o.Part())
	}
	if err := o.Keep(); err != nil {
		t.Fatal(err)
	}
	holds(t, "out", "old")
	holds(t, "out.part", "new")
}

func TestOutputFollowsLinks(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("d", 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, "d/real", "old")
	for link, to := range map[string]string{"l": "d/l2", "d/l2": "real", "dangling": "d/fresh"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for link, file := range map[string]string{"l": "d/real", "dangling": "d/fresh"} {
		if err := create(t, link, "new").Commit(); err != nil {
			t.Fatal(err)
		}
		holds(t, file, "new")
		if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("the link %s was replaced", link)
		}
	}
}

func TestOutputRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, d := range []string{"folder", "taken.part"} {
		if err := os.Mkdir(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("loop", "loop"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"folder", "taken", "loop", filepath.Join("no", "folder")} {
		if o, err := Create(name); err == nil {
			t.Errorf("%s: got %+v", name, o)
		}
	}
}

func TestOutputLeavesDevices(t *testing.T) {
	o := create(t, os.DevNull, "new")
	if o.Part() != "" {
		t.Errorf("part %q for a device", o.Part())
	}
	if err := o.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device became %v, %v", info, err)
	}
}
