//go:build long

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Another folder and another build cache must not change a byte.
func TestTwoBuildsGiveTheSameBytes(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tool := filepath.Join(t.TempDir(), "dist.exe")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := sumsOf(t, tool, root)
	elsewhere := filepath.Join(t.TempDir(), "another folder")
	list, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(elsewhere, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOCACHE", t.TempDir())
	t.Setenv("GOFLAGS", "-ldflags=-X=main.other=1")
	t.Setenv("TZ", "Asia/Tokyo")
	if got := sumsOf(t, tool, elsewhere); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func sumsOf(t *testing.T, tool, root string) string {
	t.Helper()
	out := t.TempDir()
	cmd := exec.Command(tool, "-o", out, "-version", "v0.0.0-test", "-platforms", "linux/amd64")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1709209831")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	sums, err := os.ReadFile(filepath.Join(out, sumsName))
	if err != nil || strings.Count(string(sums), "\n") != 1 {
		t.Fatalf("%q, %v", sums, err)
	}
	return string(sums)
}
