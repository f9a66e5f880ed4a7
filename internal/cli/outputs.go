package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/effnet/effnet/internal/report"
)

// sink is one output of a run.
type sink struct {
	name string // as typed; empty: standard output
	destination
	bare bool // without verdicts
}

// destination is where a sink's records go: a *report.File, a stream, or a document.
type destination interface {
	Write(r report.Record) error
	Commit() error                  // all is there
	Keep() (part string, err error) // leaves what is there as it is
	Drop() error                    // takes back what was opened, before anything is written
	Part() string                   // the file that has the records until Commit
}

// stream is there anyway.
type stream struct{ report.Writer }

func (s stream) Commit() error { return s.Close() }

// Keep ends a JSON array.
func (s stream) Keep() (part string, err error) { return "", s.Close() }

func (s stream) Drop() error  { return nil }
func (s stream) Part() string { return "" }

// outputs are all that a run writes.
type outputs struct {
	sinks    []*sink
	previous *report.Previous // records of the run that this one goes on with, or nil
	broken   *sink            // whose writing failed
	err      error            // why
}

// open opens all outputs, or none.
func (o *OutputOptions) open(ctx context.Context, stdout io.Writer, style report.Style) (*outputs, error) {
	out := &outputs{}
	if o.Output == "" || o.Output == "-" {
		out.add("", o.stream(stdout, style))
	} else if err := out.openFile(ctx, o.Output, func() (destination, error) { return o.file(out, style) }); err != nil {
		return nil, err
	}
	for _, r := range o.Reports {
		err := out.openFile(ctx, r.Path, func() (destination, error) { return report.OpenFile(r.Path, r.Format, style) })
		if err != nil {
			out.drop()
			return nil, err
		}
	}
	return out, nil
}

func (o *OutputOptions) stream(w io.Writer, style report.Style) report.Writer {
	style.Columns = columns(w)
	style.Color = style.Columns > 0 && colorful()
	return report.New(o.format(&style), w, style)
}

// format is what the main output is written as. The template was parsed once by check,
// so that it cannot fail.
func (o *OutputOptions) format(style *report.Style) string {
	if o.FormatString == "" {
		return o.Format
	}
	style.Template, _ = report.ParseTemplate(o.FormatString)
	return report.Templated
}

func (o *OutputOptions) file(out *outputs, style report.Style) (*report.File, error) {
	format := o.format(&style)
	if !o.Resume {
		return report.OpenFile(o.Output, format, style)
	}
	file, previous, err := report.Resume(o.Output, format, style)
	out.previous = previous
	return file, err
}

// add takes a stream that is there anyway.
func (out *outputs) add(name string, w report.Writer) {
	out.sinks = append(out.sinks, &sink{name: name, destination: stream{w}})
}

// openBare opens a file of JSON lines without verdicts.
func (out *outputs) openBare(ctx context.Context, path string, style report.Style) error {
	style.Check = false
	err := out.openFile(ctx, path, func() (destination, error) { return report.OpenFile(path, "jsonl", style) })
	if err == nil {
		out.sinks[len(out.sinks)-1].bare = true
	}
	return err
}

// openFile waits for a pipe's reader no longer than until ctx is cancelled.
func (out *outputs) openFile(ctx context.Context, path string, open func() (destination, error)) error {
	type outcome struct {
		to  destination
		err error
	}
	ready := make(chan outcome, 1)
	go func() {
		to, err := open()
		ready <- outcome{to, err}
	}()
	select {
	case o := <-ready:
		if o.err != nil {
			return cannotOpen(path, o.err)
		}
		out.sinks = append(out.sinks, &sink{name: path, destination: o.to})
		return nil
	case <-ctx.Done():
		// What is no pipe is open in a moment, and must not be left behind.
		select {
		case o := <-ready:
			if o.err == nil {
				_ = o.to.Drop()
			}
		case <-time.After(openGrace):
		}
		return ctx.Err()
	}
}

// openGrace is how long an interruption waits for an output that is being opened.
const openGrace = 200 * time.Millisecond

// cannotOpen is a usage error where the file's own content forbids to go on with it.
func cannotOpen(path string, err error) error {
	var cannot *report.ResumeError
	if errors.As(err, &cannot) {
		return usage(fmt.Errorf("--resume %s: %w", strconv.Quote(path), err))
	}
	return &exitError{exitOutput, fmt.Errorf("%s: %w", strconv.Quote(path), reasonOf(err))}
}

// Write gives a record to every output.
func (out *outputs) Write(r report.Record) error {
	for _, s := range out.sinks {
		given := r
		if s.bare {
			given.Check = nil
		}
		if err := s.Write(given); err != nil {
			out.broken, out.err = s, err
			return err
		}
	}
	return nil
}

// finish ends every output. After an error of writing no file takes its name, since
// none is whole; an error at the end of one output leaves the others alone.
func (out *outputs) finish() {
	if out.err != nil {
		out.keep()
		return
	}
	for _, s := range out.sinks {
		if err := s.Commit(); err != nil && out.err == nil {
			out.broken, out.err = s, err
		}
	}
}

// keep leaves every output as an interruption found it and names the parts.
func (out *outputs) keep() (parts []string) {
	for _, s := range out.sinks {
		if _, is := s.destination.(stream); is && out.err != nil {
			continue
		}
		if part, _ := s.Keep(); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// drop takes back what was opened before a later output could not be.
func (out *outputs) drop() {
	for _, s := range out.sinks {
		_ = s.Drop()
	}
}

// failure is the error of writing as the user sees it; a reader that went away is none.
func (out *outputs) failure() error {
	if out.err == nil || isBrokenPipe(out.err) {
		return nil
	}
	if out.broken.name == "" {
		return &exitError{exitOutput, fmt.Errorf("standard output: %w", reasonOf(out.err))}
	}
	text := fmt.Errorf("%s: %w", strconv.Quote(out.broken.name), reasonOf(out.err))
	if part := out.broken.Part(); part != "" {
		text = fmt.Errorf("%w; results so far are in %s", text, strconv.Quote(part))
	}
	return &exitError{exitOutput, text}
}
