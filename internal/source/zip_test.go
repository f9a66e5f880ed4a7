package source

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// record gives the n-th record of the directory of a zip, to be changed in place.
func record(t *testing.T, data []byte, n int) []byte {
	t.Helper()
	d, err := findDirectory(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	b := data[d.at:]
	for range n {
		b = b[recordLength(b):]
	}
	return b
}

func TestZipFaults(t *testing.T) {
	le := binary.LittleEndian
	end := func(data []byte) []byte { return data[len(data)-endSize:] }
	tests := []struct {
		name  string
		spoil func(data []byte) []byte
		want  []string
	}{
		{"sound", func(b []byte) []byte { return b }, []string{"a.zip!a.jpg", "a.zip!b.jpg"}},
		{"behind a script", func(b []byte) []byte { return append([]byte("#!/bin/sh\n"), b...) }, []string{"a.zip!a.jpg", "a.zip!b.jpg"}},
		{"encrypted", func(b []byte) []byte { record(t, b, 0)[8] |= 1; return b }, []string{"a.zip!a.jpg !the member is encrypted", "a.zip!b.jpg"}},
		{"AES", func(b []byte) []byte { record(t, b, 1)[10] = 99; return b }, []string{"a.zip!a.jpg", "a.zip!b.jpg !the member is encrypted"}},
		{"method", func(b []byte) []byte { record(t, b, 1)[10] = 14; return b },
			[]string{"a.zip!a.jpg", "a.zip!b.jpg !the member is compressed with LZMA, which is not supported"}},
		{"unknown method", func(b []byte) []byte { record(t, b, 1)[10] = 77; return b },
			[]string{"a.zip!a.jpg", "a.zip!b.jpg !the member is compressed with method 77, which is not supported"}},
		{"bad CRC", func(b []byte) []byte { record(t, b, 0)[16] ^= 1; record(t, b, 1)[16] ^= 1; return b },
			[]string{"a.zip!a.jpg !the member is damaged: its checksum differs", "a.zip!b.jpg !the member is damaged: its checksum differs"}},
		{"stored size", func(b []byte) []byte { record(t, b, 0)[24]++; return b }, []string{"a.zip!a.jpg !the member is damaged: its sizes differ", "a.zip!b.jpg"}},
		{"more than claimed", func(b []byte) []byte { record(t, b, 1)[24]--; return b }, []string{"a.zip!a.jpg", "a.zip!b.jpg !the member is damaged: its sizes differ"}},
		{"less than claimed", func(b []byte) []byte { record(t, b, 1)[24]++; return b }, []string{"a.zip!a.jpg", "a.zip!b.jpg !the member is damaged: its sizes differ"}},
		{"compressed data", func(b []byte) []byte { b[le.Uint32(record(t, b, 1)[42:])+30+5] = 0xff; return b },
			[]string{"a.zip!a.jpg", "a.zip!b.jpg !the member is damaged: its compressed data is broken"}},
		{"bomb", func(b []byte) []byte { le.PutUint32(record(t, b, 1)[24:], 1<<30); return b },
			[]string{"a.zip!a.jpg", "a.zip!b.jpg !the member inflates to 1073741824 bytes, more than 200 times what it is stored as"}},
		{"claims more than the cap", func(b []byte) []byte { le.PutUint32(record(t, b, 1)[24:], 1<<30+1); return b },
			[]string{"a.zip!a.jpg", "a.zip!b.jpg !larger than 1073741824 bytes"}},
		{"overlap", func(b []byte) []byte { le.PutUint32(record(t, b, 1)[20:], uint32(len(b))); return b },
			[]string{"a.zip !the archive is damaged: its members overlap"}},
		{"second local header", func(b []byte) []byte { b[le.Uint32(record(t, b, 1)[42:])] = 0; return b },
			[]string{"a.zip!a.jpg", "a.zip!b.jpg !the archive is damaged: a member's header is broken"}},
		{"member outside", func(b []byte) []byte { le.PutUint32(record(t, b, 1)[42:], 1<<31); return b },
			[]string{"a.zip!a.jpg", "a.zip!b.jpg !the archive is damaged: a member lies outside"}},
		{"wide without field", func(b []byte) []byte { le.PutUint32(record(t, b, 1)[42:], 1<<32-1); return b },
			[]string{"a.zip !the archive is damaged: its directory is broken"}},
		{"no directory", func(b []byte) []byte { return b[:len(b)/2] }, []string{"a.zip !the archive is truncated: it has no directory"}},
		{"end cut", func(b []byte) []byte { return b[:len(b)-1] }, []string{"a.zip !the archive is truncated: it has no directory"}},
		{"directory cut", func(b []byte) []byte { le.PutUint32(end(b)[12:], le.Uint32(end(b)[12:])-1); return b },
			[]string{"a.zip !the archive is damaged: its directory is incomplete"}},
		{"directory outside", func(b []byte) []byte { le.PutUint32(end(b)[16:], 1<<31); return b },
			[]string{"a.zip !the archive is damaged: its directory lies outside"}},
		{"count", func(b []byte) []byte { end(b)[8]++; end(b)[10]++; return b }, []string{"a.zip !the archive is damaged: its directory is incomplete"}},
		{"record", func(b []byte) []byte { record(t, b, 1)[0] = 0; return b }, []string{"a.zip !the archive is damaged: its directory is broken"}},
		{"part", func(b []byte) []byte { end(b)[4] = 3; return b }, []string{"a.zip !the archive is one part of several, which is not supported"}},
		{"bytes after it", func(b []byte) []byte { return append(b, make([]byte, 3000)...) }, []string{"a.zip!a.jpg", "a.zip!b.jpg"}},
		{"bytes before it", func(b []byte) []byte { return append(zipOf(t)[:4], b...) }, []string{"a.zip!a.jpg", "a.zip!b.jpg"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree(t)
			write(t, "a.zip", tt.spoil(zipOf(t, "a.jpg", "b.jpg = "+strings.Repeat("pixel", 20))))
			got, _ := collect(t, Options{Args: []string{"a.zip"}})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// wideZip is one stored member whose sizes, offset and directory need Zip64.
func wideZip(name, content string, crc uint32) []byte {
	le := binary.LittleEndian
	var b []byte
	b = append(b, "PK\x03\x04\x2d\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	b = le.AppendUint32(b, crc)
	b = append(b, "\xff\xff\xff\xff\xff\xff\xff\xff"...)
	b = le.AppendUint32(b, uint32(len(name)))
	b = append(append(b, name...), content...)
	directory := len(b)
	b = append(b, "PK\x01\x02\x2d\x00\x2d\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	b = le.AppendUint32(b, crc)
	b = append(b, "\xff\xff\xff\xff\xff\xff\xff\xff"...)
	b = le.AppendUint16(b, uint16(len(name)))
	b = le.AppendUint16(b, 28)
	b = append(b, make([]byte, 10)...)
	b = append(b, "\xff\xff\xff\xff"...)
	b = append(b, name...)
	b = append(b, "\x01\x00\x18\x00"...)
	b = le.AppendUint64(b, uint64(len(content)))
	b = le.AppendUint64(b, uint64(len(content)))
	b = le.AppendUint64(b, 0)
	end := len(b)
	b = append(b, "PK\x06\x06"...)
	b = le.AppendUint64(b, 44)
	b = append(b, make([]byte, 12)...)
	b = le.AppendUint64(b, 1)
	b = le.AppendUint64(b, 1)
	b = le.AppendUint64(b, uint64(end-directory))
	b = le.AppendUint64(b, uint64(directory))
	b = append(b, "PK\x06\x07\x00\x00\x00\x00"...)
	b = le.AppendUint64(b, uint64(end))
	b = append(b, "\x01\x00\x00\x00"...)
	return append(b, "PK\x05\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
}

func TestZip64(t *testing.T) {
	tree(t)
	const crc = 0x3610a686 // of "hello"
	data := wideZip("a.jpg", "hello", crc)
	write(t, "a.zip", data)
	if _, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err != nil {
		t.Fatalf("the test's own archive: %v", err)
	}
	got, _ := collect(t, Options{Args: []string{"a.zip"}})
	if d := cmp.Diff([]string{"a.zip!a.jpg"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	at := bytes.LastIndex(data, []byte("PK\x06\x07"))
	data[at+8+7] = 0x80
	write(t, "a.zip", data)
	got, _ = collect(t, Options{Args: []string{"a.zip"}})
	if d := cmp.Diff([]string{"a.zip !the archive is damaged: its directory lies outside"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// manyMembers writes a zip whose records all have the same empty member.
func manyMembers(t testing.TB, name string, n int) {
	t.Helper()
	one := zipOf(t, "000000.jpg = ")
	d, err := findDirectory(bytes.NewReader(one), int64(len(one)))
	if err != nil {
		t.Fatal(err)
	}
	rec, end := one[d.at:d.at+d.size], one[d.at+d.size:]
	out := bytes.NewBuffer(append([]byte(nil), one[:d.at]...))
	for i := range n {
		copy(rec[recordSize:], fmt.Sprintf("%06d", i))
		out.Write(rec)
	}
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(n*len(rec)))
	out.Write(end)
	write(t, name, out.Bytes())
}

// More members than the end record can count take some hundred bytes each.
func TestZipOfManyMembers(t *testing.T) {
	tree(t)
	const n = 200_000
	manyMembers(t, "a.zip", n)
	s, err := Open(Options{Args: []string{"a.zip"}})
	if err != nil {
		t.Fatal(err)
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got := 0
	for in := range s.All() {
		if got++; got == 1 {
			runtime.GC()
			runtime.ReadMemStats(&during)
		}
		if got%50_000 == 0 {
			if _, err := in.Read(); err != nil {
				t.Errorf("%s: %v", in.Path, err)
			}
		}
	}
	if got != n {
		t.Errorf("%d inputs", got)
	}
	if each := (int64(during.HeapAlloc) - int64(before.HeapAlloc)) / n; each > 100 {
		t.Errorf("%d bytes a member", each)
	}
	s.limits.directory = 1000
	var kinds []string
	for in := range s.All() {
		_, err := in.Read()
		kinds = append(kinds, in.Path+" !"+err.Error())
	}
	if d := cmp.Diff([]string{"a.zip !the archive's directory is larger than 1000 bytes"}, kinds); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A member's bytes are not allocated from its claim.
func TestZipClaimIsNotAllocated(t *testing.T) {
	tree(t)
	data := zipOf(t, "x", "a.jpg = tiny")
	binary.LittleEndian.PutUint32(record(t, data, 1)[24:], freeBytes)
	write(t, "a.zip", data)
	s, err := Open(Options{Args: []string{"a.zip"}})
	if err != nil {
		t.Fatal(err)
	}
	for in := range s.All() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := in.Read()
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Error("no error")
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
			t.Errorf("%d bytes allocated", grown)
		}
	}
}
