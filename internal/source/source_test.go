package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree makes a folder of small files, "name" or "name -> target" or "name/", and
// makes it the current folder.
func tree(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, n := range names {
		name, target, link := strings.Cut(n, " -> ")
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case link:
			err = os.Symlink(target, name)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(name, 0o777)
		default:
			err = os.WriteFile(name, []byte(name), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// collect lists the stream: a path, with " !" and the reason where it cannot be read.
func collect(t *testing.T, o Options) (paths, unmatched []string) {
	t.Helper()
	o.Unmatched = func(name string) { unmatched = append(unmatched, name) }
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for in := range s.All() {
		line := in.Path
		if _, err := in.Read(); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s: %T is not *Error", in.Path, err)
			}
			line += " !" + err.Error()
		}
		paths = append(paths, line)
	}
	return paths, unmatched
}

func TestArguments(t *testing.T) {
	tests := []struct {
		name      string
		tree      []string
		args      []string
		want      []string
		unmatched []string
	}{
		{"as typed", []string{"b.jpg", "a.txt"}, []string{"./b.jpg", "a.txt", "b.jpg"}, []string{"./b.jpg", "a.txt", "b.jpg"}, nil},
		{"missing", nil, []string{"no.jpg"}, []string{"no.jpg !no such file or directory"}, nil},
		{"folder in lexical order", []string{"d/b.JPG", "d/a/z.png", "d/a.jpeg", "d/c.txt", "d/e.Tiff", "d/B.bmp"}, []string{"d"},
			[]string{"d/B.bmp", "d/a/z.png", "d/a.jpeg", "d/b.JPG", "d/e.Tiff"}, nil},
		{"every extension", []string{"d/1.jpg", "d/2.jpeg", "d/3.jpe", "d/4.png", "d/5.gif", "d/6.webp", "d/7.bmp", "d/8.tif", "d/9.tiff", "d/jpg"}, []string{"d/"},
			[]string{"d/1.jpg", "d/2.jpeg", "d/3.jpe", "d/4.png", "d/5.gif", "d/6.webp", "d/7.bmp", "d/8.tif", "d/9.tiff"}, nil},
		{"hidden entries", []string{"d/.a.jpg", "d/.h/b.jpg", "d/c.jpg"}, []string{"d"}, []string{"d/c.jpg"}, nil},
		{"hidden by name", []string{".h/.a.jpg", ".h/b.jpg"}, []string{".h/.a.jpg", ".h"}, []string{".h/.a.jpg", ".h/b.jpg"}, nil},
		{"current folder", []string{"a.jpg"}, []string{"."}, []string{"./a.jpg"}, nil},
		{"empty folder", []string{"d/"}, []string{"d"}, nil, []string{"d"}},
		{"loop", []string{"d/a.jpg", "d/l -> ../d", "d/s/b.jpg", "d/s/up -> .."}, []string{"d"}, []string{"d/a.jpg", "d/s/b.jpg"}, nil},
		{"links", []string{"x/f.jpg", "d/l.jpg -> ../x/f.jpg", "d/m -> ../x", "d/n -> ../x", "d/none.jpg -> gone"}, []string{"d"},
			[]string{"d/l.jpg", "d/m/f.jpg", "d/none.jpg !no such file or directory"}, nil},
		{"glob", []string{"a.jpg", "b.jpg", "c.png", "notes"}, []string{"*.jpg"}, []string{"a.jpg", "b.jpg"}, nil},
		{"glob keeps what was typed", []string{"d/a.jpg"}, []string{"./d/*.jpg", "d/../d/a*"}, []string{"./d/a.jpg", "d/../d/a.jpg"}, nil},
		{"glob takes any file", []string{"a.dat", "b.jpg"}, []string{"*"}, []string{"a.dat", "b.jpg"}, nil},
		{"glob walks folders", []string{"d1/a.jpg", "d1/n.txt", "d1/s/b.png", "d2/c.jpg"}, []string{"d*"}, []string{"d1/a.jpg", "d1/s/b.png", "d2/c.jpg"}, nil},
		{"glob across folders", []string{"a/x/1.jpg", "b/x/2.jpg", "b/y/3.jpg", "4.jpg"}, []string{"*/x/*.jpg"}, []string{"a/x/1.jpg", "b/x/2.jpg"}, nil},
		{"double star", []string{"1.jpg", "a/2.jpg", "a/b/3.jpg", "a/b/4.png", ".h/5.jpg", "a/.6.jpg"}, []string{"**/*.jpg"},
			[]string{"1.jpg", "a/2.jpg", "a/b/3.jpg"}, nil},
		{"double star and loop", []string{"a/1.jpg", "a/up -> .."}, []string{"**/*.jpg"}, []string{"a/1.jpg"}, nil},
		{"braces", []string{"a.jpg", "b.png", "c.gif"}, []string{"*.{jpg,gif}"}, []string{"a.jpg", "c.gif"}, nil},
		{"braces with a slash", []string{"a/1.jpg", "b/c/2.jpg"}, []string{"{a,b/c}/*.jpg"}, []string{"a/1.jpg", "b/c/2.jpg"}, nil},
		{"class and question mark", []string{"a1.jpg", "a2.jpg", "a3.jpg"}, []string{"?[12].jpg"}, []string{"a1.jpg", "a2.jpg"}, nil},
		{"hidden glob", []string{".a.jpg", "b.jpg"}, []string{".*.jpg"}, []string{".a.jpg"}, nil},
		{"escaped", []string{"a*.jpg", "ab.jpg"}, []string{`a\*.jp*`}, []string{"a*.jpg"}, nil},
		{"literal name first", []string{"[a].jpg", "a.jpg", "b?.jpg", "bc.jpg"}, []string{"[a].jpg", "b?.jpg"}, []string{"[a].jpg", "b?.jpg"}, nil},
		{"literal folder first", []string{"[a]/1.jpg", "a/2.jpg"}, []string{"[a]"}, []string{"[a]/1.jpg"}, nil},
		{"malformed glob", nil, []string{"[a.jpg"}, []string{"[a.jpg !no such file or directory"}, nil},
		{"glob without match", []string{"a.jpg"}, []string{"*.png", "none/*.jpg"}, nil, []string{"*.png", "none/*.jpg"}},
		{"newline in the name", []string{"a\nb.jpg"}, []string{"*"}, []string{"a\nb.jpg"}, nil},
		{"folder called like a picture", []string{"d.jpg/a.png"}, []string{"."}, []string{"./d.jpg/a.png"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree(t, tt.tree...)
			got, unmatched := collect(t, Options{Args: tt.args})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("inputs (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.unmatched, unmatched); d != "" {
				t.Errorf("unmatched (-want +got):\n%s", d)
			}
		})
	}
}

func TestStandardInput(t *testing.T) {
	s, err := Open(Options{Args: []string{"-", "-"}, Stdin: strings.NewReader("pixels")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for in := range s.All() {
		data, err := in.Read()
		if err != nil {
			data = []byte(err.Error())
		}
		got = append(got, in.Path+" "+string(data))
	}
	if d := cmp.Diff([]string{"- pixels", "- standard input is already taken"}, got); d != "" {
		t.Error(d)
	}
}

func TestList(t *testing.T) {
	tests := []struct {
		name, list string
		nul        bool
		want       []string
	}{
		{"lines", "a.jpg\n\nd\r\n*.jpg", false, []string{"a.jpg", "d/x.jpg", "*.jpg !no such file or directory"}},
		{"nul", "a.jpg\x00n\nl.jpg\x00\x00d", true, []string{"a.jpg", "n\nl.jpg", "d/x.jpg"}},
		{"standard input", "-\n", false, []string{"- !standard input is already taken"}},
		{"empty", "", false, nil},
		{"endless name", "a.jpg\n" + strings.Repeat("x", maxName+1), false, []string{"a.jpg", "- !a name in the list is longer than 65536 bytes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree(t, "a.jpg", "d/x.jpg", "n\nl.jpg")
			got, _ := collect(t, Options{FilesFrom: "-", NUL: tt.nul, Stdin: strings.NewReader(tt.list)})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestArgumentsThenList(t *testing.T) {
	tree(t, "a.jpg", "b.jpg", "list")
	if err := os.WriteFile("list", []byte("b.jpg\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	got, _ := collect(t, Options{Args: []string{"a.jpg"}, FilesFrom: "list"})
	if d := cmp.Diff([]string{"a.jpg", "b.jpg"}, got); d != "" {
		t.Error(d)
	}
}

func TestOpenErrors(t *testing.T) {
	tree(t)
	for want, o := range map[string]Options{
		"no input given: name files, folders, globs, or - for standard input": {},
		`--files-from "gone": no such file or directory`:                      {FilesFrom: "gone"},
	} {
		if _, err := Open(o); err == nil || err.Error() != want {
			t.Errorf("%+v: got %v, want %s", o, err, want)
		}
	}
}

func TestSizeLimit(t *testing.T) {
	tree(t, "four", "three")
	for name, stdin := range map[string]io.Reader{"four": nil, "-": strings.NewReader("four")} {
		s, err := Open(Options{Args: []string{name}, Stdin: stdin, MaxBytes: 3})
		if err != nil {
			t.Fatal(err)
		}
		for in := range s.All() {
			var e *Error
			if _, err := in.Read(); !errors.As(err, &e) || !e.Limit || e.Msg != "larger than 3 bytes" {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

// A stream stopped early reads no further folder.
func TestLazy(t *testing.T) {
	tree(t, "a/1.jpg", "b/2.jpg")
	s, err := Open(Options{Args: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	for in := range s.All() {
		if in.Path != "a/1.jpg" {
			t.Fatalf("got %q after the stop", in.Path)
		}
		break
	}
}

func FuzzGlob(f *testing.F) {
	for _, p := range []string{"*", "**/*.jpg", "{a,b}/*", "[", "a/[!x]*", `\`, "*/../*", "{a/b,*}.jpg"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		prefix, rest := splitGlob(pattern)
		if prefix+rest != pattern {
			t.Fatalf("%q cut into %q and %q", pattern, prefix, rest)
		}
		enterable(rest)("a")
	})
}

// Names are literal, and counted as they are walked.
func TestNames(t *testing.T) {
	tree(t, "a[1].jpg", "-", "d/b.jpg", "d/no.txt")
	o := Options{Names: []string{"a[1].jpg", "-", "*.jpg", "d"}}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got []string
	for in := range s.All() {
		got = append(got, in.Path)
	}
	want := []string{"a[1].jpg", "-", "*.jpg", filepath.Join("d", "b.jpg")}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if n, known := Count(context.Background(), o); n != len(want) || !known {
		t.Errorf("counted %d, %v", n, known)
	}
}
