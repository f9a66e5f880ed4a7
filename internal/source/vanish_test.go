package source

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What changes while the stream is walked fails by itself; the rest goes on.
func TestVanished(t *testing.T) {
	tree(t, "a.jpg", "b.jpg", "d/1.jpg", "d/e/2.jpg", "d/f/3.jpg", "z.jpg")
	write(t, "p.zip", zipOf(t, "1.jpg", "2.jpg"))
	s, err := Open(Options{Args: []string{"a.jpg", "b.jpg", "d", "p.zip", "z.jpg"}})
	if err != nil {
		t.Fatal(err)
	}
	gone := map[string]string{"a.jpg": "a.jpg", "d/1.jpg": "d/e", "p.zip!1.jpg": "p.zip"}
	var got []string
	for in := range s.All() {
		if name, ok := gone[in.Path]; ok {
			if err := os.RemoveAll(name); err != nil {
				t.Fatal(err)
			}
		}
		line := in.Path
		if _, err := in.Read(); err != nil {
			line += " !" + err.Error()
		}
		got = append(got, line)
	}
	const missing = " !no such file or directory"
	want := []string{"a.jpg" + missing, "b.jpg", "d/1.jpg", "d/e" + missing, "d/f/3.jpg", "p.zip!1.jpg" + missing, "p.zip!2.jpg" + missing, "z.jpg"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A file that grows past the cap after it was looked at is still held against it.
func TestGrown(t *testing.T) {
	tree(t, "a.jpg")
	s, err := Open(Options{Args: []string{"a.jpg"}, MaxBytes: 8})
	if err != nil {
		t.Fatal(err)
	}
	for in := range s.All() {
		write(t, "a.jpg", []byte("123456789"))
		if _, err := in.Read(); err == nil || err.Error() != "larger than 8 bytes" {
			t.Errorf("got %v", err)
		}
	}
}

// Names are bytes: as they come they go, whatever named them.
func TestStrangeNames(t *testing.T) {
	names := []string{"-x.jpg", "a\nb.jpg", "c\x1b[31m.jpg", "d,\"e'.jpg", "é\xff.jpg", " .jpg"}
	tree(t)
	if err := os.Mkdir("d", 0o777); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, n := range []string{" .jpg", "-x.jpg", "a\nb.jpg", "c\x1b[31m.jpg", "d,\"e'.jpg", "é\xff.jpg"} {
		want = append(want, "d/"+n)
	}
	for _, n := range names {
		write(t, "d/"+n, nil)
	}
	for name, o := range map[string]Options{
		"folder": {Args: []string{"d"}},
		"glob":   {Args: []string{"d/*"}},
		"named":  {Args: want},
		"list":   {FilesFrom: "-", NUL: true, Stdin: strings.NewReader(strings.Join(want, "\x00"))},
	} {
		got, _ := collect(t, o)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
