//go:build unix

package source

import (
	"net"
	"os"
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

// A pipe that takes a file's place is not waited for, wherever the file was named.
func TestReplacedByPipe(t *testing.T) {
	tree(t, "d/a.jpg")
	for _, o := range []Options{{Args: []string{"d/a.jpg"}}, {Args: []string{"d"}}, {Args: []string{"d/*"}}} {
		write(t, "d/a.jpg", nil)
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		for in := range s.All() {
			if err := os.Remove("d/a.jpg"); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo("d/a.jpg", 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := in.Read(); err == nil || err.Error() != "not a regular file" {
				t.Errorf("%q: got %v", o.Args, err)
			}
		}
		if err := os.Remove("d/a.jpg"); err != nil {
			t.Fatal(err)
		}
	}
}

// A list that is a pipe is not opened to be counted.
func TestCountLeavesPipes(t *testing.T) {
	tree(t)
	if err := syscall.Mkfifo("list", 0o666); err != nil {
		t.Fatal(err)
	}
	if n, known := Count(t.Context(), Options{FilesFrom: "list"}); n != 0 || known {
		t.Errorf("got %d, %v", n, known)
	}
}
