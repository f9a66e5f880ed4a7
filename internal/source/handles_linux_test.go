package source

import (
	"os"
	"strings"
	"testing"
)

// No handle of an archive stays open while its members wait to be read.
func TestHandles(t *testing.T) {
	packed(t, "a.jpg", "b.jpg")
	open := func() (n int) {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.Contains(target, "/a.") {
				n++
			}
		}
		return n
	}
	s, err := Open(Options{Args: []string{"a.zip", "a.tar", "a.tgz"}})
	if err != nil {
		t.Fatal(err)
	}
	for in := range s.All() {
		want := 0
		if strings.HasPrefix(in.Path, "a.tgz") {
			want = 1
		}
		if got := open(); got != want {
			t.Errorf("%s: %d handles, want %d", in.Path, got, want)
		}
		if _, err := in.Read(); err != nil {
			t.Error(err)
		}
	}
	if got := open(); got != 0 {
		t.Errorf("%d handles at the end", got)
	}
}
