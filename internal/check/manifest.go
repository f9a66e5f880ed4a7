package check

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/effnet/effnet/internal/near"
	"github.com/effnet/effnet/pkg/classify"
)

const maxManifest = 64 << 20 // bytes

// columns that a manifest may have; path and expect are a must.
var columns = []string{"path", "expect", "expect_topk", "min_prob", "reject", "min_margin"}

// Manifest says what each of its pictures shows.
type Manifest struct {
	name   string // of its file
	places places
	rows   []row // [places]
}

// row is a picture; cells that are empty leave their rule to the command line.
type row struct {
	line  int
	path  string // of the picture, from the working directory
	rules Rules
}

// ReadManifest reads a csv file (RFC 4180, a byte order mark is let pass):
// with a header that names the columns path and expect, and of expect_topk,
// min_prob, reject and min_margin those wanted; or without a header the two
// columns path and expect. Several labels of a cell stand between "|".
// Relative paths are relative to the file's folder. Whatever is wrong with the
// file is a *classify.UsageError that names the line.
func ReadManifest(path string) (*Manifest, error) {
	data, err := readFile(path, maxManifest)
	if err != nil {
		return nil, err
	}
	return parseManifest(path, data)
}

func parseManifest(name string, data []byte) (*Manifest, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	m := &Manifest{name: name}
	head := columns[:2]
	for first := true; ; first = false {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, inFile(name, broken.Line, broken.Err)
		}
		line, _ := r.FieldPos(0)
		if first && isHeader(cells) {
			if head, err = header(cells); err != nil {
				return nil, inFile(name, line, err)
			}
			continue
		}
		one, err := m.row(head, cells)
		if err != nil {
			return nil, inFile(name, line, err)
		}
		one.line = line
		if i, twice := m.places.add(one.path); twice {
			return nil, inFile(name, line, fmt.Errorf("the path %q is in line %d too", one.path, m.rows[i].line))
		}
		m.rows = append(m.rows, one)
	}
	if len(m.rows) == 0 {
		return nil, inFile(name, 0, errors.New("lists no picture"))
	}
	return m, nil
}

func isHeader(cells []string) bool {
	return slices.ContainsFunc(cells, func(c string) bool { return columnName(c) == "path" })
}

func columnName(cell string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(cell)), "-", "_")
}

func header(cells []string) ([]string, error) {
	var head []string
	for _, c := range cells {
		name := columnName(c)
		switch {
		case !slices.Contains(columns, name):
			return nil, &classify.UsageError{Msg: fmt.Sprintf("unknown column %q", c), Near: near.Names(name, columns)}
		case slices.Contains(head, name):
			return nil, fmt.Errorf("the column %q is there twice", c)
		}
		head = append(head, name)
	}
	if !slices.Contains(head, "expect") {
		return nil, errors.New(`no column "expect"`)
	}
	return head, nil
}

// row reads the cells of one picture.
func (m *Manifest) row(head, cells []string) (row, error) {
	if len(cells) != len(head) {
		return row{}, fmt.Errorf("%d columns, not %d (%s)", len(cells), len(head), strings.Join(head, ","))
	}
	var one row
	for i, cell := range cells {
		if err := one.set(head[i], cell); err != nil {
			return row{}, err
		}
	}
	if one.path == "" {
		return row{}, errors.New("no path")
	}
	one.path = filepath.FromSlash(one.path)
	if !filepath.IsAbs(one.path) {
		one.path = filepath.Join(filepath.Dir(m.name), one.path)
	}
	if one.path == "-" {
		one.path = "." + string(filepath.Separator) + one.path
	}
	return one, nil
}

func (r *row) set(column, cell string) (err error) {
	if column == "path" {
		r.path = cell
		return nil
	}
	if cell = strings.TrimSpace(cell); cell == "" {
		return nil
	}
	switch column {
	case "expect":
		r.rules.Expect, err = labelsOf(cell)
	case "reject":
		r.rules.Reject, err = labelsOf(cell)
	case "expect_topk":
		r.rules.TopK, err = parsed(cell, "a whole number", strconv.Atoi)
	case "min_prob":
		r.rules.MinProb, err = parsed(cell, "a number", parseFloat)
	case "min_margin":
		r.rules.MinMargin, err = parsed(cell, "a number", parseFloat)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", column, err)
	}
	return nil
}

func labelsOf(cell string) ([]string, error) {
	names := strings.Split(cell, "|")
	for i := range names {
		if names[i] = strings.TrimSpace(names[i]); names[i] == "" {
			return nil, fmt.Errorf("an empty label in %q", cell)
		}
	}
	return names, nil
}

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

func parsed[T any](cell, what string, parse func(string) (T, error)) (*T, error) {
	v, err := parse(cell)
	if err != nil {
		return nil, fmt.Errorf("%q is not %s", cell, what)
	}
	return &v, nil
}

// Paths lists the pictures in the order of the file, as paths from the working
// directory. They are names of files, never patterns.
func (m *Manifest) Paths() []string { return slices.Clone(m.places.paths) }
