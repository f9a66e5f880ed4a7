package evaluate

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

var animals = []weights.Label{
	{WNID: "n1", Name: "tabby", Synonyms: []string{"tabby cat"}}, {WNID: "n2", Name: "crane"}, {Name: "golden retriever"}, {WNID: "n4", Name: "crane"},
}

// fill makes files and folders (names that end in a slash) in a new folder.
func fill(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			path = filepath.Join(path, "x")
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

type labelled struct {
	Path  string
	Truth []int
	Data  string
}

func collect(t *testing.T, s *Set, base string) []labelled {
	t.Helper()
	var list []labelled
	for p := range s.All() {
		data, err := p.Read()
		if err != nil {
			data = []byte("error: " + err.Error())
		}
		rel, err := filepath.Rel(base, p.Path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, labelled{filepath.ToSlash(rel), p.Truth, string(data)})
	}
	return list
}

func TestFolder(t *testing.T) {
	dir := fill(t, "Tabby/a.jpg", "Tabby/b.txt", "Tabby/sub/c.PNG", "n2/d.jpg", "crane/e.jpg", "2/f.jpg", "golden_retriever/g.jpg", "n4/", ".hidden/x.jpg", "readme.md", "loose.jpg")
	if err := os.Symlink(filepath.Join(dir, "n2"), filepath.Join(dir, "n1")); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, animals)
	if err != nil {
		t.Fatal(err)
	}
	want := []labelled{
		{"2/f.jpg", []int{2}, "2/f.jpg"}, {"Tabby/a.jpg", []int{0}, "Tabby/a.jpg"}, {"Tabby/sub/c.PNG", []int{0}, "Tabby/sub/c.PNG"},
		{"crane/e.jpg", []int{1, 3}, "crane/e.jpg"}, {"golden_retriever/g.jpg", []int{2}, "golden_retriever/g.jpg"},
		{"n1/d.jpg", []int{0}, "n2/d.jpg"}, {"n2/d.jpg", []int{1}, "n2/d.jpg"},
	}
	if diff := cmp.Diff(want, collect(t, s, dir)); diff != "" {
		t.Error(diff)
	}
	if s.Truth(filepath.Join(dir, "loose.jpg")) != nil || s.Truth("elsewhere") != nil || s.Truth("/") != nil || s.Truth("") != nil {
		t.Error("what is not in the set has a class")
	}
}

func TestWhatIsNoSet(t *testing.T) {
	for name, dir := range map[string]string{
		"unknown": fill(t, "taby/a.jpg", "crane/b.jpg"), "loose": fill(t, "a.jpg"), "empty": fill(t), "many": fill(t, "a/x", "b/x", "c/x", "d/x", "e/x", "f/x", "g/x"),
	} {
		var usage *classify.UsageError
		if _, err := Open(dir, animals); !errors.As(err, &usage) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "unknown" && (len(usage.Near) == 0 || usage.Near[0] != "tabby" || !strings.Contains(usage.Error(), `"taby"`)) {
			t.Error(usage)
		}
		if name == "many" && !strings.Contains(usage.Error(), "and 2 more") {
			t.Error(usage)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), animals); err == nil || strings.Contains(err.Error(), "none") {
		t.Error(err)
	}
	if _, err := Open(os.DevNull, animals); err == nil {
		t.Error("a device is taken")
	}
}

func TestManifest(t *testing.T) {
	dir := fill(t, "a.jpg", "b,c.jpg", "-", "*.png", "more/d.jpg", "more/e.jpg", "gone/x")
	abs := filepath.Join(dir, "a.jpg")
	for name, text := range map[string]string{
		"plain":  "a.jpg,tabby\r\n\"b,c.jpg\", n2 \n-,crane\n*.png,2\nmore,golden retriever\nno*.jpg,0\n\na.jpg,tabby",
		"header": "\ufeffid,Label,Path\n1,tabby,a.jpg\n2,n2,\"b,c.jpg\"\n3,crane,./-\n4,2,*.png\n5,golden retriever,more\n6,0,no*.jpg\n",
		"rooted": abs + ",tabby\n\"b,c.jpg\",n2\n-,crane\n*.png,2\nmore,golden retriever\nno*.jpg,0\n",
	} {
		path := filepath.Join(dir, "list.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, animals)
		if err != nil {
			t.Fatal(name, err)
		}
		want := []labelled{
			{"a.jpg", []int{0}, "a.jpg"}, {"b,c.jpg", []int{1}, "b,c.jpg"}, {"-", []int{1, 3}, "-"}, {"*.png", []int{2}, "*.png"},
			{"more/d.jpg", []int{2}, "more/d.jpg"}, {"more/e.jpg", []int{2}, "more/e.jpg"}, {"no*.jpg", []int{0}, "error: no such file or directory"},
		}
		if diff := cmp.Diff(want, collect(t, s, dir)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	t.Chdir(dir)
	s, err := ReadManifest(strings.NewReader("-,tabby\n"), ".", animals)
	if err != nil {
		t.Fatal(err)
	}
	for p := range s.All() {
		if data, err := p.Read(); string(data) != "-" || err != nil {
			t.Errorf("%q is standard input: %v", p.Path, err)
		}
	}
}

func TestBrokenManifests(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "lists no picture",
		"path,label\n":              "lists no picture",
		"a.jpg\n":                   "line 1: 1 fields",
		"a.jpg,tabby\n,tabby\n":     "line 2: no path",
		"a.jpg,\n":                  "line 1: no label",
		"a\x00.jpg,tabby\n":         "NUL",
		"a.jpg,tabby\na.jpg,n2\n":   "line 2",
		"a.jpg,taby\n":              "tabby",
		"a.jpg,\"tabby\n":           "line 1",
		"a.jpg,tab\"by\n":           "line 1",
		"label,path\ntabby\n":       "line 2",
		"a.jpg,x\x1b[31m\nb.jpg,yy": `"x\x1b[31m"`,
	} {
		_, err := ReadManifest(strings.NewReader(text), "", animals)
		var usage *classify.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	broken := errors.New("broken disk")
	if _, err := ReadManifest(io.MultiReader(strings.NewReader("a.jpg,tabby\n"), iotest.ErrReader(broken)), "", animals); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// Whatever the bytes, each input has classes of the labels.
func FuzzManifest(f *testing.F) {
	for _, text := range []string{"a.jpg,tabby\n", "path,label\n\"b,c.jpg\",n2\n", "\ufefflabel,x,path\n2,,a\n", "a,tabby\r\n\r\n\"x\ny\",crane", "a!b/c,0\n/,1\n-,2"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadManifest(strings.NewReader(string(data)), "d", animals)
		if err != nil {
			return
		}
		if len(s.Inputs) == 0 {
			t.Fatal("no inputs")
		}
		for _, in := range s.Inputs {
			if truth := s.Truth(in); len(truth) == 0 || truth[0] < 0 || truth[0] >= len(animals) || strings.ContainsRune(in, 0) || in == "-" {
				t.Fatalf("%q: %v", in, truth)
			}
		}
	})
}
