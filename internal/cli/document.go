package cli

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/effnet/effnet/internal/report"
)

// errNothing says that there is nothing to write: an older file stays.
var errNothing = errors.New("nothing to write")

// document is written as a whole when all records are there.
type document struct {
	out    *report.Output // nil: standard output
	w      io.Writer
	render func(w io.Writer) error
}

// openDocument opens a file, or standard output where path is empty or "-". render
// writes the document when the run has come to its end.
func (out *outputs) openDocument(ctx context.Context, path string, stdout io.Writer, render func(w io.Writer) error) error {
	if path == "" || path == "-" {
		out.sinks = append(out.sinks, &sink{destination: &document{w: stdout, render: render}})
		return nil
	}
	return out.openFile(ctx, path, func() (destination, error) {
		file, err := report.Create(path)
		if err != nil {
			return nil, err
		}
		return &document{out: file, w: file, render: render}, nil
	})
}

func (d *document) Write(report.Record) error { return nil }

func (d *document) Commit() error {
	buffered := bufio.NewWriter(d.w)
	err := d.render(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	switch {
	case errors.Is(err, errNothing):
		return d.Drop()
	case d.out == nil:
		return err
	case err != nil:
		return errors.Join(err, d.Drop())
	}
	return d.out.Commit()
}

// Keep leaves nothing: there is no part of a document.
func (d *document) Keep() (part string, err error) { return "", d.Drop() }

func (d *document) Drop() error {
	if d.out == nil {
		return nil
	}
	return d.out.Drop()
}

func (d *document) Part() string { return "" }
