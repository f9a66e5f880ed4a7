package evaluate

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// maxManifest bounds a manifest: some millions of lines.
const maxManifest = 1 << 28

// ReadManifest reads a CSV of path and label, a picture a line, RFC 4180. A
// first line that names its columns path and label may put them in any order,
// among others. Paths are relative to base; a folder stands for the pictures in
// it. A path may be listed again, with the same label. Errors are a *classify.UsageError, or the reader's.
func ReadManifest(r io.Reader, base string, labels []weights.Label) (*Set, error) {
	limited := &io.LimitedReader{R: r, N: maxManifest + 1}
	rows := csv.NewReader(withoutMark(limited))
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	m := manifest{Set: newSet(), base: base, labels: labels, path: 0, label: 1}
	for first := true; ; first = false {
		fields, err := rows.Read()
		if limited.N <= 0 {
			return nil, &classify.UsageError{Msg: fmt.Sprintf("the manifest is larger than %d bytes", maxManifest)}
		}
		if errors.Is(err, io.EOF) {
			return m.done()
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, &classify.UsageError{Msg: fmt.Sprintf("line %d: %v", broken.Line, broken.Err)}
		}
		if err != nil {
			return nil, err
		}
		if first && m.header(fields) {
			continue
		}
		line, _ := rows.FieldPos(0)
		if err := m.row(line, fields); err != nil {
			return nil, err
		}
	}
}

// withoutMark drops a byte order mark.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if start, _ := b.Peek(3); string(start) == "\ufeff" {
		_, _ = b.Discard(len(start))
	}
	return b
}

// manifest is a set in the making.
type manifest struct {
	*Set
	base        string
	labels      []weights.Label
	path, label int // columns
	unknown     unknownNames
}

// header takes a line that names the columns.
func (m *manifest) header(fields []string) bool {
	path, label := -1, -1
	for i, f := range fields {
		switch strings.ToLower(strings.TrimSpace(f)) {
		case "path":
			path = i
		case "label":
			label = i
		}
	}
	if path < 0 || label < 0 {
		return false
	}
	m.path, m.label = path, label
	return true
}

func (m *manifest) row(line int, fields []string) error {
	wrong := func(format string, args ...any) error {
		return &classify.UsageError{Msg: fmt.Sprintf("line %d: ", line) + fmt.Sprintf(format, args...)}
	}
	if len(fields) <= max(m.path, m.label) {
		return wrong("%d fields, want path and label", len(fields))
	}
	path, label := strings.Clone(fields[m.path]), strings.TrimSpace(fields[m.label])
	switch {
	case path == "":
		return wrong("no path")
	case strings.ContainsRune(path, 0):
		return wrong("a path with a NUL")
	case label == "":
		return wrong("no label")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(m.base, path)
	}
	if path == "-" { // a file of that name, not standard input
		path = "." + string(filepath.Separator) + path
	}
	n, err := m.name(strings.Clone(label), m.labels)
	if err != nil {
		m.unknown.add(label, err)
		return nil
	}
	if before, again := m.truth[path]; again {
		if before != n {
			return wrong("%.100q is listed as %.60q too", path, m.Names[before].Name)
		}
		return nil
	}
	m.truth[path] = n
	m.Inputs = append(m.Inputs, path)
	return nil
}

func (m *manifest) done() (*Set, error) {
	if err := m.unknown.error("in the manifest"); err != nil {
		return nil, err
	}
	if len(m.Inputs) == 0 {
		return nil, &classify.UsageError{Msg: "the manifest lists no picture"}
	}
	return m.Set, nil
}
