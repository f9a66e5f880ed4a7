//go:build unix

package source

import (
	"net"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIrregularFiles(t *testing.T) {
	tree(t, "d/z.jpg")
	for _, name := range []string{"pipe", "d/pipe.jpg"} {
		if err := syscall.Mkfifo(name, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got, _ := collect(t, Options{Args: []string{"pipe", "socket", "/dev/null", "d"}})
	want := []string{
		"pipe !not a regular file", "socket !not a regular file", "/dev/null !not a regular file",
		"d/pipe.jpg !not a regular file", "d/z.jpg",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
