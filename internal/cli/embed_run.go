package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/similar"
)

func runEmbed(ctx context.Context, s Streams, o EmbedOptions) error {
	b := &batch{
		inputs: &o.InputOptions, models: &o.ModelOptions, results: &o.OutputOptions,
		ranking: classify.Options{Top: 1, Embedding: true}, body: report.Embedding,
	}
	switch {
	case o.Near != "" && isPicture(o.Near):
		q, err := newQuery(&o, b)
		if err != nil {
			return err
		}
		b.silent, b.ready, b.meet = true, q.ready, q.meet
		b.extra = func(ctx context.Context, _ report.Style) error {
			return b.out.openDocument(ctx, o.Output, s.Out, q.write)
		}
	case o.Near != "":
		n, err := readNear(o.Near)
		if err != nil {
			return usage(fmt.Errorf("--near %s: %w", strconv.Quote(o.Near), err))
		}
		n.file, n.top, b.body = o.Near, o.Top, report.Nearest
		b.ready, b.meet = n.ready, n.meet
	case o.Duplicates > 0:
		d := &duplicates{o: &o, batch: b}
		b.silent = true
		b.meet, b.ended = d.meet, func() error { return d.find(ctx) }
		b.extra = func(ctx context.Context, _ report.Style) error {
			return b.out.openDocument(ctx, o.Output, s.Out, d.write)
		}
	}
	return b.run(ctx, s)
}

// near looks in the embeddings of an earlier run.
type near struct {
	file    string
	model   string // empty where the file does not tell
	top     int
	vectors *similar.Vectors
}

// readNear reads JSON lines, or an array of NumPy's with the list of names beside it.
func readNear(path string) (*near, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, reasonOf(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("a folder: make a file of its embeddings with effnet embed -o FILE first")
	}
	in := bufio.NewReader(f)
	n := &near{}
	switch lead, _ := in.Peek(6); {
	case string(lead) == "\x93NUMPY":
		names, err := os.Open(path + report.NamesSuffix)
		if err != nil {
			return nil, fmt.Errorf("the list of its paths, %s: %w", strconv.Quote(path+report.NamesSuffix), reasonOf(err))
		}
		defer names.Close()
		n.vectors, err = similar.ReadNPY(in, names)
		if err != nil {
			return nil, err
		}
	case bytes.HasPrefix(lead, []byte("PAR1")):
		return nil, errors.New("parquet is not read back: take jsonl or npy")
	default:
		if n.vectors, n.model, err = similar.ReadJSONL(in); err != nil {
			return nil, err
		}
	}
	if n.vectors.Len() == 0 {
		return nil, errors.New("no embedding in it")
	}
	return n, nil
}

// ready refuses the embeddings of another model.
func (n *near) ready(m *classify.Model) error {
	name := m.Info().Name
	switch {
	case n.model != "" && filepath.Base(n.model) != filepath.Base(name):
		return usage(fmt.Errorf("--near %s: its embeddings are of the model %s, now it is %s",
			strconv.Quote(n.file), report.Quote(n.model), report.Quote(name)))
	case n.vectors.Dim != m.Features():
		return usage(fmt.Errorf("--near %s: its embeddings have %d values, those of %s %d",
			strconv.Quote(n.file), n.vectors.Dim, report.Quote(name), m.Features()))
	}
	return nil
}

func (n *near) meet(r *report.Record) {
	if r.Result != nil {
		r.Nearest, _ = n.vectors.Nearest(r.Result.Embedding, n.top) // ready has compared the lengths
	}
}

// duplicates gathers the embeddings of all inputs and groups them.
type duplicates struct {
	o       *EmbedOptions
	batch   *batch
	vectors similar.Vectors
	groups  []similar.Group
}

func (d *duplicates) meet(r *report.Record) {
	if r.Result != nil {
		_ = d.vectors.Append(r.Path, r.Result.Embedding) // of one model, and finite
	}
}

// identical is the least cosine of equal vectors, but for rounding.
const identical = 1 - 1e-9

func (d *duplicates) find(ctx context.Context) (err error) {
	d.groups, err = d.vectors.Groups(ctx, similar.Options{Threshold: min(d.o.Duplicates, identical)})
	return err
}

func (d *duplicates) write(w io.Writer) error {
	if d.o.Format == "json" {
		return d.json(w)
	}
	var b bytes.Buffer
	in := 0
	for i, g := range d.groups {
		in += len(g)
		fmt.Fprintf(&b, "%d. %d images\n", i+1, len(g))
		for _, m := range g {
			fmt.Fprintf(&b, "  %.6f  %s\n", m.Cosine, report.Quote(m.Name))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "groups of near-duplicates: %d, with %d of %d images\n", len(d.groups), in, d.vectors.Len())
	_, err := w.Write(b.Bytes())
	return err
}

type duplicateJSON struct {
	Path    string  `json:"path"`
	PathB64 string  `json:"path_b64,omitempty"`
	Cosine  float64 `json:"cosine"` // to the most alike of the others
}

func (d *duplicates) json(w io.Writer) error {
	groups := make([][]duplicateJSON, len(d.groups))
	for i, g := range d.groups {
		for _, m := range g {
			groups[i] = append(groups[i], duplicateJSON{m.Name, inBase64(m.Name), sixDecimals(m.Cosine)})
		}
	}
	text, err := report.Marshal(struct {
		Schema    string            `json:"schema"`
		Model     string            `json:"model"`
		Threshold float64           `json:"threshold"`
		Images    int               `json:"images"`
		Errors    int               `json:"errors"`
		Groups    [][]duplicateJSON `json:"groups"`
	}{report.SchemaName, d.batch.info.Name, d.o.Duplicates, d.vectors.Len(), d.batch.tally.failed, groups})
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// sixDecimals rounds a share as records print it.
func sixDecimals(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', 6, 64), 64)
	return r
}
