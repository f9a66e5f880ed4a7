package source

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever an archive holds: bounded inputs, each below its name, that read alike twice,
// and errors that are *Error.
func FuzzArchive(f *testing.F) {
	names := []string{"a.jpg", "./d/b.png", "d/", "l.jpg -> a.jpg", "../c.gif", "__MACOSX/a.jpg", "a.jpg = " + strings.Repeat("x", 2000)}
	zipped, tarred := zipOf(f, names...), tarOf(f, names...)
	for _, data := range [][]byte{
		zipped, tarred, gzipOf(f, tarred), zipOf(f), tarOf(f), wideZip("a.jpg", "hello", 0x3610a686),
		zipped[:len(zipped)-30], tarred[:900], gzipOf(f, tarred[:700]), append([]byte("PK\x03\x04"), zipped...),
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "a.tar")
		write(t, path, data)
		o := Options{Args: []string{path}, MaxBytes: 1 << 10}
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		s.limits = limits{members: 100, directory: 1 << 16, held: 2 << 10}
		n := 0
		for in := range s.All() {
			if n++; n > 101 {
				t.Fatal("too many inputs")
			}
			if in.Path != path && !strings.HasPrefix(in.Path, path+"!") {
				t.Errorf("input %q", in.Path)
			}
			first, err := in.Read()
			var known *Error
			if len(first) > 1<<10 || err != nil && !errors.As(err, &known) {
				t.Errorf("%q: %d bytes, %v", in.Path, len(first), err)
			}
			again, errAgain := in.Read()
			if string(first) != string(again) || (err == nil) != (errAgain == nil) {
				t.Errorf("%q: read otherwise the second time: %v", in.Path, errAgain)
			}
		}
		if count, known := Count(t.Context(), o); known && n < 100 && count != n {
			t.Errorf("counted %d of %d inputs", count, n)
		}
	})
}
