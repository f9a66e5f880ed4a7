package train

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
)

// A file of features is: featureMagic; the SHA-256 of the setup that they belong
// to; the number of values a picture, uint32. Then entries of equal size: the
// SHA-256 of the picture's bytes; its values, float32; the first checkSize bytes
// of the SHA-256 of setup, picture and values. All numbers are little endian. An
// entry that is broken, torn off at the end or of another picture is as good as
// none, and of two for one picture the first is taken.
const (
	featureMagic = "effnet/features/v1\n"
	headerSize   = len(featureMagic) + sha256.Size + 4
	checkSize    = 8
)

// maxWidth is above the features of any network.
const maxWidth = 1 << 16

// featureFile is open for more entries. Its methods do nothing where it is not.
type featureFile struct {
	f     *os.File
	setup Sum
	entry []byte
	seen  map[Sum]bool
	err   error // the first one; nothing is written after it
}

func featureHeader(setup Sum, width int) []byte {
	b := append([]byte(featureMagic), setup[:]...)
	return binary.LittleEndian.AppendUint32(b, uint32(width))
}

func entrySize(width int) int { return sha256.Size + 4*width + checkSize }

// appendEntry is what readFeatures reads.
func appendEntry(b []byte, setup, picture Sum, values []float32) []byte {
	start := len(b)
	b = append(b, picture[:]...)
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	check := entryCheck(setup, b[start:])
	return append(b, check[:]...)
}

func entryCheck(setup Sum, body []byte) (check [checkSize]byte) {
	h := sha256.New()
	h.Write(setup[:])
	h.Write(body)
	copy(check[:], h.Sum(nil))
	return check
}

// featureContent is what readFeatures found.
type featureContent struct {
	kept     map[Sum][]float32 // of pictures that were wanted
	entries  int               // whole ones, whatever they hold
	foreign  bool              // not a file of features
	outdated bool              // of another setup, or torn in its header
}

// readFeatures reads the wanted entries of a file. It holds one entry and what
// was wanted in memory, whatever the file says.
func readFeatures(r io.Reader, setup Sum, width int, want map[Sum]bool) (c featureContent, err error) {
	c.kept = map[Sum][]float32{}
	in := bufio.NewReaderSize(r, 1<<16)
	header := make([]byte, headerSize)
	n, err := io.ReadFull(in, header)
	if header = header[:n]; err != nil && !atEnd(err) {
		return c, err
	}
	magic := header[:min(n, len(featureMagic))]
	c.foreign = string(magic) != featureMagic[:len(magic)]
	c.outdated = !c.foreign && !bytes.Equal(header, featureHeader(setup, width))
	if c.foreign || c.outdated {
		return c, nil
	}
	entry := make([]byte, entrySize(width))
	for ; ; c.entries++ {
		if _, err := io.ReadFull(in, entry); atEnd(err) {
			return c, nil
		} else if err != nil {
			return c, err
		}
		picture := Sum(entry)
		if want[picture] && c.kept[picture] == nil {
			if values, ok := entryValues(setup, entry, width); ok {
				c.kept[picture] = values
			}
		}
	}
}

func atEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func entryValues(setup Sum, entry []byte, width int) ([]float32, bool) {
	body, check := entry[:len(entry)-checkSize], entry[len(entry)-checkSize:]
	if want := entryCheck(setup, body); !bytes.Equal(check, want[:]) {
		return nil, false
	}
	values := make([]float32, width)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[sha256.Size+4*i:]))
		if v := float64(values[i]); math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
	}
	return values, true
}

// openFeatureFile reads what is kept and makes the file ready for more. A file
// of something else is left alone, one of another setup begun anew.
func openFeatureFile(path string, setup Sum, width int, want map[Sum]bool) (*featureFile, map[Sum][]float32) {
	w := &featureFile{setup: setup, seen: map[Sum]bool{}}
	kept, err := w.open(path, width, want)
	if err != nil {
		w.err = fmt.Errorf("%q: %w", path, err)
		w.close()
	}
	return w, kept
}

func (w *featureFile) open(path string, width int, want map[Sum]bool) (map[Sum][]float32, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if width < 1 || width > maxWidth {
		return nil, fmt.Errorf("%d values a picture are not kept", width)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, errors.New(reasonOf(err))
	}
	w.f = f
	c, err := readFeatures(f, w.setup, width, want)
	switch {
	case err != nil:
		return c.kept, errors.New(reasonOf(err))
	case c.foreign:
		return nil, errors.New("is not a file of features, and was left alone")
	}
	end := int64(headerSize) + int64(c.entries)*int64(entrySize(width))
	useless := c.entries - len(c.kept)
	anew := c.outdated || useless > len(want)
	if anew {
		end = 0
	}
	if err := f.Truncate(end); err != nil {
		return c.kept, errors.New(reasonOf(err))
	}
	if !anew {
		for picture := range c.kept {
			w.seen[picture] = true
		}
		return c.kept, nil
	}
	if _, err := f.Write(featureHeader(w.setup, width)); err != nil {
		return c.kept, errors.New(reasonOf(err))
	}
	for _, picture := range sortedSums(c.kept) {
		w.put(picture, c.kept[picture])
	}
	return c.kept, w.err
}

// put appends a picture's values, once.
func (w *featureFile) put(picture Sum, values []float32) {
	if w.f == nil || w.err != nil || w.seen[picture] {
		return
	}
	w.seen[picture] = true
	w.entry = appendEntry(w.entry[:0], w.setup, picture, values)
	if _, err := w.f.Write(w.entry); err != nil {
		w.err = fmt.Errorf("%q: %s", w.f.Name(), reasonOf(err))
	}
}

func (w *featureFile) close() {
	if w.f == nil {
		return
	}
	if err := w.f.Close(); err != nil && w.err == nil {
		w.err = fmt.Errorf("%q: %s", w.f.Name(), reasonOf(err))
	}
	w.f = nil
}

// sortedSums gives the keys in an order that does not change.
func sortedSums(kept map[Sum][]float32) []Sum {
	return slices.SortedFunc(maps.Keys(kept), func(a, b Sum) int { return bytes.Compare(a[:], b[:]) })
}
