package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTarFaults(t *testing.T) {
	long := strings.Repeat("n", maxName) + ".jpg"
	tests := []struct {
		name  string
		spoil func(data []byte) []byte
		want  []string // after the archive's name
	}{
		{"sound", func(b []byte) []byte { return b }, []string{"!a.jpg", "!b.jpg"}},
		{"without an end", func(b []byte) []byte { return b[:2048] }, []string{"!a.jpg", "!b.jpg"}},
		{"data cut", func(b []byte) []byte { return b[:1024+512+3] }, []string{"!a.jpg", " !the archive is truncated"}},
		{"header cut", func(b []byte) []byte { return b[:1024+100] }, []string{"!a.jpg", " !the archive is truncated"}},
		{"header broken", func(b []byte) []byte { b[1024]++; return b }, []string{"!a.jpg", " !the archive is damaged: a tar header is broken"}},
		{"first header broken", func(b []byte) []byte { b[0]++; return b }, []string{" !the archive is damaged: a tar header is broken"}},
		{"text after it", func(b []byte) []byte { return append(b, "text"...) }, []string{"!a.jpg", "!b.jpg"}},
		{"long name", func([]byte) []byte { return tarOf(t, "a.jpg", long) },
			[]string{"!a.jpg", " !a member's name is longer than 65536 bytes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree(t)
			data := tt.spoil(tarOf(t, "a.jpg", "b.jpg"))
			write(t, "a.tar", data)
			write(t, "a.tar.gz", gzipOf(t, data))
			for _, a := range []string{"a.tar", "a.tar.gz"} {
				var want []string
				for _, w := range tt.want {
					want = append(want, a+w)
				}
				got, _ := collect(t, Options{Args: []string{a}})
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", a, d)
				}
			}
		})
	}
}

func TestGzipFaults(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(data []byte) []byte
		want  []string
	}{
		{"checksum", func(b []byte) []byte { b[len(b)-8] ^= 1; return b },
			[]string{"a.tgz!a.jpg", "a.tgz!b.jpg", "a.tgz !the archive is damaged: its checksum differs"}},
		{"end cut", func(b []byte) []byte { return b[:len(b)-4] }, []string{"a.tgz!a.jpg", "a.tgz!b.jpg", "a.tgz !the archive is truncated"}},
		{"cut in the header", func(b []byte) []byte { return b[:5] }, []string{"a.tgz !the archive is truncated"}},
		{"deflate", func(b []byte) []byte { b[10] = 0xff; return b }, []string{"a.tgz !the archive is damaged: its compressed data is broken"}},
		{"no tar", func([]byte) []byte { return gzipOf(t, bytes.Repeat([]byte("text"), 300)) },
			[]string{"a.tgz !the archive is damaged: a tar header is broken"}},
		{"other bytes after it", func(b []byte) []byte { return append(b, "text and more text"...) }, []string{"a.tgz!a.jpg", "a.tgz!b.jpg"}},
		{"in two pieces", func([]byte) []byte {
			data := tarOf(t, "a.jpg", "b.jpg")
			return append(gzipOf(t, data[:700]), gzipOf(t, data[700:])...)
		}, []string{"a.tgz!a.jpg", "a.tgz!b.jpg"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree(t)
			write(t, "a.tgz", tt.spoil(gzipOf(t, tarOf(t, "a.jpg", "b.jpg"))))
			got, _ := collect(t, Options{Args: []string{"a.tgz"}})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// A member that is much larger than the whole archive is not inflated into memory.
func TestGzipBomb(t *testing.T) {
	const size = freeBytes + 1
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "a.jpg", Mode: 0o600, Size: size}); err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for left := int64(size); left > 0; left -= int64(len(zeros)) {
		if _, err := w.Write(zeros[:min(left, int64(len(zeros)))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	tree(t)
	write(t, "a.tgz", b.Bytes())
	got, _ := collect(t, Options{Args: []string{"a.tgz", "a.tgz!a.jpg"}})
	refused := "a.tgz!a.jpg !the member inflates to 67108865 bytes, more than 200 times the archive's size"
	if d := cmp.Diff([]string{refused, refused}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Members that are no files, and one that leaves out its zeros.
func TestTarKinds(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for kind, name := range map[byte]string{
		tar.TypeLink: "hard.jpg", tar.TypeSymlink: "soft.jpg", tar.TypeChar: "char.jpg", tar.TypeBlock: "block.jpg", tar.TypeFifo: "pipe.jpg",
	} {
		if err := w.WriteHeader(&tar.Header{Typeflag: kind, Name: name, Linkname: "a.jpg"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sparseFile := tarOf(t, "s.jpg = ")[:512]
	sparseFile[156] = 'S'
	copy(sparseFile[257:], "ustar  \x00")
	copy(sparseFile[386:], "00000000001\x0000000000000\x00") // one byte of zeros, no data
	copy(sparseFile[483:], "00000000001\x00")
	copy(sparseFile[148:], "        ")
	sum := 0
	for _, c := range sparseFile {
		sum += int(c)
	}
	copy(sparseFile[148:], octal(sum))
	tree(t)
	write(t, "a.tar", append(sparseFile, b.Bytes()...))
	got, _ := collect(t, Options{Args: []string{"a.tar"}})
	if d := cmp.Diff([]string{"a.tar!s.jpg !the member is stored sparse, which is not supported"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTarNamesAreBounded(t *testing.T) {
	packed(t, "1.jpg", "2.txt", "3.jpg", "4.jpg")
	s, err := Open(Options{Args: []string{"a.tar"}})
	if err != nil {
		t.Fatal(err)
	}
	s.limits.directory = 10
	var got []string
	for in := range s.All() {
		line := in.Path
		if _, err := in.Read(); err != nil {
			line += " !" + err.Error()
		}
		got = append(got, line)
	}
	want := []string{"a.tar!1.jpg", "a.tar!3.jpg", "a.tar !the archive's names are longer than 10 bytes together"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// octal is a checksum as a tar header has it: six digits and a NUL.
func octal(sum int) []byte {
	b := make([]byte, 7)
	for i := 5; i >= 0; i-- {
		b[i], sum = '0'+byte(sum&7), sum>>3
	}
	return b
}
