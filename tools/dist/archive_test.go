package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// member is what an archive says of a file.
type member struct {
	Name, Text string
	Mode       fs.FileMode
	Time       time.Time
}

var contents = []file{
	{"man/b.1", []byte("page b"), false}, {"effnet", []byte("binary"), true}, {"LICENSE", []byte("text"), false}, {"man/a.1", nil, false},
}

func wanted() []member {
	return []member{
		{"top/LICENSE", "text", 0o644, testDate}, {"top/effnet", "binary", 0o755, testDate},
		{"top/man/a.1", "", 0o644, testDate}, {"top/man/b.1", "page b", 0o644, testDate},
	}
}

func TestTar(t *testing.T) {
	data, err := tarred("top", contents, testDate)
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(gzip.Header{OS: 255}, compressed.Header); diff != "" {
		t.Error(diff)
	}
	var got []member
	for r := tar.NewReader(compressed); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.Format != tar.FormatUSTAR {
			t.Errorf("%+v", h)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, member{h.Name, string(text), fs.FileMode(h.Mode), h.ModTime.UTC()})
	}
	if diff := cmp.Diff(wanted(), got); diff != "" {
		t.Error(diff)
	}
}

func TestZip(t *testing.T) {
	data, err := zipped("top", contents, testDate)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var got []member
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, member{f.Name, string(text), f.Mode(), f.Modified.UTC()})
	}
	if diff := cmp.Diff(wanted(), got); diff != "" {
		t.Error(diff)
	}
}

func TestArchivesDependOnContentsAlone(t *testing.T) {
	for name, pack := range map[string]func(string, []file, time.Time) ([]byte, error){"tar": tarred, "zip": zipped} {
		want, err := pack("top", contents, testDate)
		if err != nil {
			t.Fatal(err)
		}
		other := slices.Clone(contents)
		slices.Reverse(other)
		got, err := pack("top", other, testDate.In(time.FixedZone("elsewhere", 9*3600)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes for another order and time zone", name)
		}
	}
}
