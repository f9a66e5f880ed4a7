package similar

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An .npy file is, as NumPy's own documentation of the format has it: the magic
// bytes, two bytes of version, the length of a header, the header (a Python
// dictionary, padded so that data begin at a multiple of 64), and the values.
const (
	npyMagic = "\x93NUMPY"
	npyAlign = 64
	maxName  = 1 << 16 // bytes of a line
)

// NPYWriter writes an array of float32, [n, dim], a row at a time.
type NPYWriter struct {
	w    io.Writer
	left int
	dim  int
	row  []byte
}

// NewNPYWriter writes the header (version 1.0).
func NewNPYWriter(w io.Writer, n, dim int) (*NPYWriter, error) {
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", n, dim)
	lead := len(npyMagic) + 2 + 2
	blanks := npyAlign - (lead+len(header)+1)%npyAlign
	header += strings.Repeat(" ", blanks%npyAlign) + "\n"
	b := append([]byte(npyMagic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	_, err := w.Write(append(b, header...))
	return &NPYWriter{w: w, left: n, dim: dim}, err
}

// Write writes the next row, [dim].
func (w *NPYWriter) Write(row []float32) error {
	if len(row) != w.dim {
		return fmt.Errorf("a row of %d values, want %d", len(row), w.dim)
	}
	if w.left == 0 {
		return errors.New("more rows than the header says")
	}
	w.left--
	w.row = w.row[:0]
	for _, v := range row {
		w.row = binary.LittleEndian.AppendUint32(w.row, math.Float32bits(v))
	}
	_, err := w.w.Write(w.row)
	return err
}

// Close tells whether all rows were written; the underlying writer stays open.
func (w *NPYWriter) Close() error {
	if w.left > 0 {
		return fmt.Errorf("%d rows fewer than the header says", w.left)
	}
	return nil
}

// WriteNPY writes the vectors as an array, [Len, Dim]. Names go apart, see
// WriteNames.
func (v *Vectors) WriteNPY(w io.Writer) error {
	b := bufio.NewWriter(w)
	n, err := NewNPYWriter(b, v.Len(), v.Dim)
	for i := 0; err == nil && i < v.Len(); i++ {
		err = n.Write(v.Row(i))
	}
	return errors.Join(err, b.Flush())
}

// WriteNames writes a name a line, in the order of the vectors. A name that
// begins with a quotation mark, has control characters or is not valid UTF-8 is
// quoted as in Go.
func WriteNames(w io.Writer, names []string) error {
	b := bufio.NewWriter(w)
	for _, name := range names {
		if name == "" || name[0] == '"' || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
			name = strconv.Quote(name)
		}
		b.WriteString(name) // Flush tells
		b.WriteByte('\n')
	}
	return b.Flush()
}

// ReadNPY reads an array of float32, [N, D] in C's order, with its names, as
// WriteNPY and WriteNames write them. Memory grows with the bytes that come,
// whatever the header claims.
func ReadNPY(array, names io.Reader) (*Vectors, error) {
	r := bufio.NewReader(array)
	n, dim, err := readNPYHeader(r)
	if err != nil {
		return nil, err
	}
	list := bufio.NewScanner(names)
	list.Buffer(make([]byte, 0, 4096), maxName)
	v := &Vectors{}
	row, values := make([]byte, 4*dim), make([]float32, dim)
	for i := range n {
		if _, err := io.ReadFull(r, row); err != nil {
			return nil, fmt.Errorf("the array ends within row %d of %d", i, n)
		}
		for k := range values {
			values[k] = math.Float32frombits(binary.LittleEndian.Uint32(row[4*k:]))
		}
		name, err := nextName(list)
		if err != nil {
			return nil, fmt.Errorf("name %d of %d: %w", i, n, err)
		}
		if err := v.Append(name, values); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the array goes on after its last row")
	}
	if list.Scan() {
		return nil, errors.New("more names than rows")
	}
	return v, list.Err()
}

func nextName(list *bufio.Scanner) (string, error) {
	if !list.Scan() {
		if err := list.Err(); err != nil {
			return "", err
		}
		return "", errors.New("there is none")
	}
	name := list.Text()
	if !strings.HasPrefix(name, `"`) {
		return name, nil
	}
	name, err := strconv.Unquote(name)
	if err != nil {
		return "", errors.New("wrongly quoted")
	}
	return name, nil
}

var (
	npyShape = regexp.MustCompile(`'shape'\s*:\s*\(\s*(\d{1,18})\s*,\s*(\d{1,18})\s*,?\s*\)`)
	npyDescr = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	npyOrder = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
)

// readNPYHeader gives the shape of an array that ReadNPY can read.
func readNPYHeader(r io.Reader) (n, dim int, err error) {
	lead := make([]byte, len(npyMagic)+2+2)
	if _, err := io.ReadFull(r, lead); err != nil || !bytes.HasPrefix(lead, []byte(npyMagic)) {
		return 0, 0, errors.New("not a NumPy array")
	}
	length := int(binary.LittleEndian.Uint16(lead[len(lead)-2:]))
	if version := lead[len(npyMagic)]; version != 1 {
		return 0, 0, fmt.Errorf("a NumPy array of version %d, want 1", version)
	}
	header := make([]byte, length)
	if _, err := io.ReadFull(r, header); err != nil {
		return 0, 0, errors.New("the array ends within its header")
	}
	shape, descr, order := npyShape.FindSubmatch(header), npyDescr.FindSubmatch(header), npyOrder.FindSubmatch(header)
	switch {
	case shape == nil || descr == nil || order == nil:
		return 0, 0, errors.New("not an array of two axes")
	case string(descr[1]) != "<f4":
		return 0, 0, fmt.Errorf("an array of %.20q, want \"<f4\"", descr[1])
	case string(order[1]) == "True":
		return 0, 0, errors.New("an array in Fortran's order")
	}
	n, errN := strconv.Atoi(string(shape[1]))
	dim, errD := strconv.Atoi(string(shape[2]))
	if errN != nil || errD != nil || dim > maxDim || dim == 0 && n > 0 {
		return 0, 0, fmt.Errorf("an array of %s × %s values", shape[1], shape[2])
	}
	return n, dim, nil
}
