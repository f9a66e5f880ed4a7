package report

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// File is a document of records at a path. A regular file is written as FILE.part, which
// takes FILE's place by Commit; a device or pipe is written directly.
type File struct {
	out     *Output
	tape    *tape // nil where it is written directly
	writer  Writer
	format  string
	style   Style
	vectors int  // embeddings written
	fresh   bool // the part was begun by this run
	closed  bool
}

// OpenFile begins a document of a format that New knows. What an interrupted run has left
// of it is discarded. As with Create, symbolic links are followed.
func OpenFile(path, format string, s Style) (*File, error) {
	final, replaced, err := locate(path)
	if err != nil {
		return nil, err
	}
	if final == "" && format == "npy" {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("npy is written to a regular file")}
	}
	if final == "" {
		out, err := Create(path)
		if err != nil {
			return nil, err
		}
		return &File{out: out, writer: New(format, out, s), format: format, style: s}, nil
	}
	if err := os.Remove(final + savedSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	out, err := createPart(final, replaced)
	if err != nil {
		return nil, err
	}
	return newFile(out, replaced, format, s)
}

const savedSuffix = ".resume"

// newFile writes to a part that is empty.
func newFile(out *Output, replaced fs.FileInfo, format string, s Style) (*File, error) {
	t := &tape{part: out.file, name: out.final + savedSuffix, replaced: replaced}
	f := &File{out: out, tape: t, format: format, style: s, fresh: true}
	return f, f.begin()
}

// begin makes the writer. The header of csv is written by itself, so that each record is
// compared alone with what was there.
func (f *File) begin() error {
	f.writer = New(partFormat(f.format), f.tape, f.style)
	if c, ok := f.writer.(*csvTable); ok {
		return c.Close()
	}
	return nil
}

// partFormat is what FILE.part holds.
func partFormat(format string) string {
	if slices.Contains(builtFormats, format) {
		return "jsonl"
	}
	return format
}

// Write appends a record.
func (f *File) Write(r Record) error {
	if r.Result != nil {
		f.vectors++
	}
	return f.writer.Write(r)
}

// Part names the file that holds the records until Commit, "" where there is none.
func (f *File) Part() string { return f.out.Part() }

// Commit ends the document, makes it durable and gives it its name. Where it fails, the
// part stays and an older file is intact.
func (f *File) Commit() error {
	if err := f.writer.Close(); err != nil {
		return err
	}
	if f.tape == nil {
		f.closed = true
		return f.out.Commit()
	}
	if err := f.tape.finish(); err != nil {
		return err
	}
	if slices.Contains(builtFormats, f.format) {
		return f.commitBuilt()
	}
	if err := f.out.file.Sync(); err != nil {
		return err
	}
	if err := f.tape.forget(); err != nil {
		return err
	}
	f.closed = true
	return f.out.Commit()
}

// Keep closes the file and leaves whole records in the part, whose name it returns, ""
// where there is none. A document that cannot be resumed is ended, so that it can be read
// as it is. After a Commit it only tells the name.
func (f *File) Keep() (part string, err error) {
	if f.closed {
		return f.Part(), nil
	}
	f.closed = true
	if !slices.Contains(ResumeFormats, f.format) {
		err = f.writer.Close()
	}
	if f.tape != nil {
		err = errors.Join(err, f.tape.pause())
		f.tape.close()
	}
	return f.Part(), errors.Join(err, f.out.Keep())
}

// Drop is Keep where nothing was written: it removes the part, if no earlier run began it.
func (f *File) Drop() error {
	part, err := f.Keep()
	if part == "" || !f.fresh {
		return err
	}
	return errors.Join(err, os.Remove(part))
}
