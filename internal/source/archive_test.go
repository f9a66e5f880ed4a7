package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Members are "name", "name/", "name -> target" or "name = content"; the content of a
// name alone is the name.
func parts(m string) (name, target, content string) {
	name, target, _ = strings.Cut(m, " -> ")
	name, content, found := strings.Cut(name, " = ")
	if !found {
		content = name
	}
	return name, target, content
}

func zipOf(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, m := range members {
		name, target, content := parts(m)
		h := &zip.FileHeader{Name: name, Method: uint16(i % 2 * 8)}
		h.SetMode(0o644)
		if target != "" {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		w, err := z.CreateHeader(h)
		if err == nil && !strings.HasSuffix(name, "/") {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		name, target, content := parts(m)
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}
		switch {
		case target != "":
			h.Typeflag, h.Linkname, h.Size, content = tar.TypeSymlink, target, 0, ""
		case strings.HasSuffix(name, "/"):
			h.Typeflag, h.Size, content = tar.TypeDir, 0, ""
		}
		err := w.WriteHeader(h)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// packed writes the same members as a.zip, a.tar and a.tgz to a new current folder.
func packed(t *testing.T, members ...string) {
	t.Helper()
	tree(t)
	write(t, "a.zip", zipOf(t, members...))
	write(t, "a.tar", tarOf(t, members...))
	write(t, "a.tgz", gzipOf(t, tarOf(t, members...)))
}

func TestArchives(t *testing.T) {
	tests := []struct {
		name    string
		members []string // sorted
		want    []string // after the archive's name
		none    bool
	}{
		{"pictures alone", []string{"a/", "a/b.JPG", "a/c.txt", "d.png"}, []string{"!a/b.JPG", "!d.png"}, false},
		{"hidden", []string{".a.jpg", ".h/b.jpg", "__MACOSX/c.jpg", "d/.e/f.jpg", "g.jpg"}, []string{"!g.jpg"}, false},
		{"current folder", []string{"./", "./.a.jpg", "./b.jpg"}, []string{"!b.jpg"}, false},
		{"as a folder is walked", []string{"a/z.jpg", "a-b/y.jpg", "a.jpg"}, []string{"!a/z.jpg", "!a-b/y.jpg", "!a.jpg"}, false},
		{"twice", []string{"a.jpg", "a.jpg", "b.jpg"}, []string{"!a.jpg", "!a.jpg", "!b.jpg"}, false},
		{"links and folders", []string{"a.jpg/", "b.jpg -> c.jpg", "c.jpg"}, []string{"!c.jpg"}, false},
		{"leads out", []string{"/b.jpg", "../a.jpg", "c/../../d.jpg", `e\..\f.jpg`},
			[]string{"!/b.jpg !the member's name leads out of the archive", "!../a.jpg !the member's name leads out of the archive",
				"!c/../../d.jpg !the member's name leads out of the archive", `!e\..\f.jpg !the member's name leads out of the archive`}, false},
		{"archive in an archive", []string{"a.zip", "b.tar", "c.jpg"}, []string{"!c.jpg"}, false},
		{"names", []string{"a\nb.jpg", "c!d.jpg", "é\xff.jpg"}, []string{"!a\nb.jpg", "!c!d.jpg", "!é\xff.jpg"}, false},
		{"no picture", []string{"a.txt"}, nil, true},
		{"nothing", nil, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			packed(t, tt.members...)
			for _, a := range []string{"a.zip", "./a.tar", "a.tgz"} {
				var want, none []string
				for _, w := range tt.want {
					want = append(want, a+w)
				}
				if tt.none {
					none = []string{a}
				}
				got, unmatched := collect(t, Options{Args: []string{a}})
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", a, d)
				}
				if d := cmp.Diff(none, unmatched); d != "" {
					t.Errorf("%s: unmatched (-want +got):\n%s", a, d)
				}
			}
		})
	}
}

// A compressed tar keeps its order; a zip and a tar are sorted.
func TestArchiveOrder(t *testing.T) {
	packed(t, "b.jpg", "a.jpg", "c/1.jpg", "b.jpg = second")
	var got []string
	s, err := Open(Options{Args: []string{"a.zip", "a.tar", "a.tgz"}})
	if err != nil {
		t.Fatal(err)
	}
	for in := range s.All() {
		data, err := in.Read()
		if err != nil {
			t.Error(err)
		}
		got = append(got, in.Path+" "+string(data))
	}
	want := []string{
		"a.zip!a.jpg a.jpg", "a.zip!b.jpg b.jpg", "a.zip!b.jpg second", "a.zip!c/1.jpg c/1.jpg",
		"a.tar!a.jpg a.jpg", "a.tar!b.jpg b.jpg", "a.tar!b.jpg second", "a.tar!c/1.jpg c/1.jpg",
		"a.tgz!b.jpg b.jpg", "a.tgz!a.jpg a.jpg", "a.tgz!c/1.jpg c/1.jpg", "a.tgz!b.jpg second",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// What an archive is its content says, where it was named: by itself, in a list, by a
// glob. In a walked folder it is passed over.
func TestArchiveDoors(t *testing.T) {
	tree(t, "d/", "plain.zip", "plain.tgz")
	write(t, "d/b.dat", zipOf(t, "1.jpg"))
	write(t, "d/c.jpg", tarOf(t, "2.jpg"))
	write(t, "d/e.zip", zipOf(t, "3.jpg"))
	write(t, "d/f", gzipOf(t, tarOf(t, "4.jpg")))
	write(t, "g.gz", gzipOf(t, []byte("text")))
	old := tarOf(t, "5.jpg")[:1024]
	copy(old[257:], make([]byte, 8))
	copy(old[148:], "        ")
	sum := 0
	for _, c := range old[:512] {
		sum += int(c)
	}
	copy(old[148:], octal(sum))
	write(t, "old.tar", old)
	write(t, "old.dat", old)
	write(t, "zeros.tar", make([]byte, 10240))
	tests := []struct {
		name            string
		o               Options
		want, unmatched []string
	}{
		{"named", Options{Args: []string{"d/b.dat", "d/c.jpg", "d/f"}}, []string{"d/b.dat!1.jpg", "d/c.jpg!2.jpg", "d/f!4.jpg"}, nil},
		{"list", Options{FilesFrom: "-", Stdin: strings.NewReader("d/f\nd/e.zip!3.jpg\n")}, []string{"d/f!4.jpg", "d/e.zip!3.jpg"}, nil},
		{"glob", Options{Args: []string{"d/*"}}, []string{"d/b.dat!1.jpg", "d/c.jpg!2.jpg", "d/e.zip!3.jpg", "d/f!4.jpg"}, nil},
		{"glob of folders", Options{Args: []string{"d*"}}, []string{"d/c.jpg"}, nil},
		{"folder", Options{Args: []string{"d"}}, []string{"d/c.jpg"}, nil},
		{"by name alone", Options{Args: []string{"plain.zip", "plain.tgz", "g.gz"}}, []string{"plain.zip", "plain.tgz", "g.gz"}, nil},
		{"before POSIX", Options{Args: []string{"old.tar", "old.dat", "zeros.tar"}}, []string{"old.tar!5.jpg", "old.dat"}, []string{"zeros.tar"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, unmatched := collect(t, tt.o)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.unmatched, unmatched); d != "" {
				t.Errorf("unmatched (-want +got):\n%s", d)
			}
		})
	}
}

// A path that was printed names its member again.
func TestMembersByName(t *testing.T) {
	packed(t, "b/a.jpg = 1", "b/a.jpg = 2", "c!d.dat = 3", "[x].jpg = 4", ".h.jpg = 5", "../e.jpg")
	for _, a := range []string{"a.zip", "a.tar", "a.tgz"} {
		names := []string{"b/a.jpg", "./b/a.jpg", "c!d.dat", "[x].jpg", ".h.jpg", "gone.jpg", "*.gone", "b", "../e.jpg"}
		var args []string
		for _, n := range names {
			args = append(args, a+"!"+n)
		}
		s, err := Open(Options{Args: args})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for in := range s.All() {
			data, err := in.Read()
			if err != nil {
				data = []byte(err.Error())
			}
			got = append(got, strings.TrimPrefix(in.Path, a)+" "+string(data))
		}
		want := []string{"!b/a.jpg 1", "!./b/a.jpg 1", "!c!d.dat 3", "![x].jpg 4", "!.h.jpg 5", "!gone.jpg no such file in the archive",
			"!*.gone no such file in the archive", "!b no such file in the archive", "!../e.jpg the member's name leads out of the archive"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", a, d)
		}
	}
	write(t, "a.zip!b", []byte("a file of this name goes first"))
	got, _ := collect(t, Options{Args: []string{"a.zip!b", "a.txt!b", "!", "a.zip!"}})
	want := []string{"a.zip!b", "a.txt!b !no such file or directory", "! !no such file or directory", "a.zip! !no such file or directory"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Inputs are read after the walk is over, by several goroutines, more than once.
func TestMembersReadLater(t *testing.T) {
	var members []string
	for i := range 40 {
		members = append(members, strings.Repeat("x", i+1)+".jpg")
	}
	packed(t, members...)
	for _, a := range []string{"a.zip", "a.tar", "a.tgz"} {
		s, err := Open(Options{Args: []string{a}})
		if err != nil {
			t.Fatal(err)
		}
		s.limits.held = 200 // of some 900 bytes: the other members of a stream are late
		var ins []Input
		for in := range s.All() {
			ins = append(ins, in)
		}
		if len(ins) != len(members) {
			t.Errorf("%s: %d inputs", a, len(ins))
		}
		var wg sync.WaitGroup
		for range 2 {
			for _, in := range ins {
				wg.Go(func() {
					if data, err := in.Read(); err != nil || a+"!"+string(data) != in.Path {
						t.Errorf("%s: got %q, %v", in.Path, data, err)
					}
				})
			}
		}
		wg.Wait()
		if held := s.held.Load(); held != 0 {
			t.Errorf("%s: %d bytes are held after all were read", a, held)
		}
	}
}

func TestMemberLimits(t *testing.T) {
	packed(t, "a.jpg = 12345", "b.jpg = 1234", "c.jpg = 12345")
	for _, a := range []string{"a.zip", "a.tar", "a.tgz"} {
		got, _ := collect(t, Options{Args: []string{a}, MaxBytes: 4})
		want := []string{a + "!a.jpg !larger than 4 bytes", a + "!b.jpg", a + "!c.jpg !larger than 4 bytes"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", a, d)
		}
		s, err := Open(Options{Args: []string{a}})
		if err != nil {
			t.Fatal(err)
		}
		s.limits.members = 2
		failures := 0
		for in := range s.All() {
			var e *Error
			if _, err := in.Read(); errors.As(err, &e) {
				failures++
				if in.Path != a || !e.Limit || e.Msg != "the archive has more than 2 members" {
					t.Errorf("%s: got %v", in.Path, err)
				}
			}
		}
		if failures != 1 {
			t.Errorf("%s: %d failures", a, failures)
		}
	}
}

// An archive that is replaced between the walk and the reading gives no bytes of another.
func TestArchiveReplaced(t *testing.T) {
	for _, a := range []string{"a.zip", "a.tar"} {
		packed(t, "a.jpg", "b.jpg")
		s, err := Open(Options{Args: []string{a}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for in := range s.All() {
			write(t, a, []byte("PK\x03\x04 other bytes"))
			_, err := in.Read()
			got = append(got, in.Path+" !"+err.Error())
		}
		want := []string{a + "!a.jpg !the archive changed while it was read", a + "!b.jpg !the archive changed while it was read"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}
