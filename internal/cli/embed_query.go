package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unicode/utf8"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/similar"
)

// query is a picture given to --near: the inputs are looked through for those that
// are most alike to it.
type query struct {
	o     *EmbedOptions
	batch *batch
	data  []byte
	top   *similar.Top
}

// isPicture tells a file that begins neither as JSON does nor as an array of NumPy's
// or parquet. One that cannot be read is none.
func isPicture(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	lead := make([]byte, 64)
	n, err := io.ReadFull(f, lead)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	lead = bytes.TrimLeft(lead[:n], " \t\r\n\ufeff")
	for _, begin := range []string{"{", "[", "\x93NUMPY", "PAR1"} {
		if bytes.HasPrefix(lead, []byte(begin)) {
			return false
		}
	}
	return len(lead) > 0
}

func newQuery(o *EmbedOptions, b *batch) (q *query, err error) {
	q = &query{o: o, batch: b}
	if q.data, err = readNamed(o.Near); err != nil {
		return nil, q.wrong(err)
	}
	return q, nil
}

func (q *query) wrong(err error) error {
	return usage(fmt.Errorf("--near %s: neither a picture nor embeddings: %w", strconv.Quote(q.o.Near), err))
}

func (q *query) ready(m *classify.Model) error {
	vector, err := m.Embed(context.Background(), q.data)
	if err != nil {
		return q.wrong(err)
	}
	q.data, q.top = nil, similar.NewTop(vector, q.o.Top)
	return nil
}

func (q *query) meet(r *report.Record) {
	if r.Result != nil {
		_ = q.top.Add(r.Path, r.Result.Embedding) // of one model
	}
}

// nearestJSON is a record with what is nearest, as report writes them.
type nearestJSON struct {
	Schema  string      `json:"schema"`
	Path    string      `json:"path"`
	PathB64 string      `json:"path_b64,omitempty"`
	Model   string      `json:"model"`
	Nearest []matchJSON `json:"nearest"`
}

type matchJSON struct {
	Rank    int     `json:"rank"`
	Path    string  `json:"path"`
	PathB64 string  `json:"path_b64,omitempty"`
	Cosine  float64 `json:"cosine"`
}

func (q *query) write(w io.Writer) error {
	matches := q.top.Matches()
	if q.o.Format == "table" {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s\n", report.Quote(q.o.Near))
		rank := len(strconv.Itoa(len(matches)))
		for i, m := range matches {
			fmt.Fprintf(&b, "  %*d  %.6f  %s\n", rank, i+1, m.Cosine, report.Quote(m.Name))
		}
		_, err := w.Write(b.Bytes())
		return err
	}
	rec := nearestJSON{report.SchemaName, q.o.Near, inBase64(q.o.Near), q.batch.info.Name, []matchJSON{}}
	for i, m := range matches {
		rec.Nearest = append(rec.Nearest, matchJSON{i + 1, m.Name, inBase64(m.Name), sixDecimals(m.Cosine)})
	}
	text, err := report.Marshal(rec)
	if err != nil {
		return err
	}
	if q.o.Format == "json" {
		text = append(append([]byte("[\n"), text...), "\n]"...)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// inBase64 is empty for a path that JSON can hold.
func inBase64(path string) string {
	if utf8.ValidString(path) {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(path))
}
