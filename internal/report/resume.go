package report

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// ResumeError is why what a file holds cannot be part of this run.
type ResumeError struct {
	File   string
	Reason string
}

func (e *ResumeError) Error() string { return "cannot go on with it: " + e.Reason }

// ResumeFormats are those that Resume can go on with.
var ResumeFormats = []string{"jsonl", "csv", "parquet", "npy"}

// Previous are the records of an interrupted or finished run. It may be asked while the
// File that came with it is written, until that is closed.
type Previous struct {
	tape  *tape
	codec *codec
	spans []span // by hash
	seed  maphash.Seed
}

// span is where a record stands.
type span struct {
	hash  uint64 // of its path
	at    int64
	len   uint32
	saved bool // in FILE.resume, not in FILE.part
}

// Len is the number of records that Take can give.
func (p *Previous) Len() int { return len(p.spans) }

// Take gives the record of a path, any number of times. Standard input has none.
func (p *Previous) Take(path string) (Record, bool) {
	if len(p.spans) == 0 {
		return Record{}, false
	}
	hash := maphash.String(p.seed, path)
	i, _ := slices.BinarySearchFunc(p.spans, hash, func(s span, h uint64) int { return cmp.Compare(s.hash, h) })
	for ; i < len(p.spans) && p.spans[i].hash == hash; i++ {
		raw, err := p.tape.read(p.spans[i])
		if err != nil {
			continue
		}
		if e, err := p.codec.decode(raw); err == nil && e.Path == path {
			return e.Record, true
		}
	}
	return Record{}, false
}

// index adds the whole records that a file holds and returns where they end.
func (p *Previous) index(f *os.File, saved bool) (end int64, err error) {
	return p.codec.scan(io.NewSectionReader(f, 0, 1<<62), func(at int64, raw []byte, e *entry) {
		if p.codec.reusable(e) {
			p.spans = append(p.spans, span{maphash.String(p.seed, e.Path), at, uint32(len(raw)), saved})
		}
	})
}

// Resume is OpenFile that keeps what FILE.part holds, or FILE where there is no part. It
// begins anew with neither, with an empty FILE, and with a finished npy, which does not
// tell its model. The document becomes what an uninterrupted run would make of the same
// records, in the order in which they are written. An error that is a *ResumeError says
// that file, format or style do not allow it; nothing is changed then.
func Resume(path, format string, s Style) (*File, *Previous, error) {
	if !slices.Contains(ResumeFormats, format) {
		return nil, nil, &ResumeError{path, fmt.Sprintf("it is written as %s; only %s can be resumed", format, strings.Join(ResumeFormats, ", "))}
	}
	final, replaced, err := locate(path)
	if err != nil {
		return nil, nil, err
	}
	if final == "" {
		return nil, nil, &ResumeError{path, "it is not a regular file"}
	}
	r := &resumption{final: final, replaced: replaced, format: format, style: s}
	_, err = os.Lstat(final + ".part")
	switch {
	case errors.Is(err, fs.ErrNotExist) && replaced != nil && replaced.Size() > 0 && format != "npy":
		err = r.reopen()
	case errors.Is(err, fs.ErrNotExist):
		f, err := OpenFile(path, format, s)
		return f, &Previous{}, err
	}
	if err != nil {
		return nil, nil, err
	}
	return r.open()
}

// resumption is a Resume under way.
type resumption struct {
	final    string
	replaced fs.FileInfo
	format   string
	style    Style
}

// reopen saves the records of the finished FILE in FILE.resume and then begins a part, so
// that a killed run has both.
func (r *resumption) reopen() (err error) {
	saved := r.final + savedSuffix
	defer func() {
		if err != nil {
			_ = os.Remove(saved)
		}
	}()
	to, err := openBeside(saved, os.O_RDWR|os.O_CREATE|os.O_TRUNC, r.replaced)
	if err != nil {
		return err
	}
	defer to.Close()
	from, err := os.Open(r.final)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := r.copyRecords(to, from); err != nil {
		return err
	}
	if _, err := r.previous().index(to, true); err != nil {
		return refusal(r.final, err)
	}
	out, err := createPart(r.final, r.replaced)
	if err != nil {
		return err
	}
	return out.Keep()
}

// copyRecords turns parquet into the JSON lines that a part holds.
func (r *resumption) copyRecords(to io.Writer, from *os.File) error {
	if r.format != "parquet" {
		_, err := io.Copy(to, from)
		return err
	}
	info, err := from.Stat()
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(to)
	var line []byte
	err = readParquet(from, info.Size(), func(e *entry, s *Style) error {
		s.Model, s.Precision, s.Engine = e.model, e.precision, e.engine
		line = append(appendRecord(line[:0], e.Record, s), '\n')
		_, err := buffered.Write(line)
		return err
	})
	if err != nil {
		return refusal(r.final, err)
	}
	return buffered.Flush()
}

// refusal is a ResumeError where it is not the file system that failed.
func refusal(file string, err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return err
	}
	return &ResumeError{file, err.Error()}
}

func (r *resumption) previous() *Previous {
	return &Previous{codec: newCodec(partFormat(r.format), &r.style), seed: maphash.MakeSeed()}
}

// open goes on from FILE.part and FILE.resume, as far as they are there.
func (r *resumption) open() (*File, *Previous, error) {
	part, err := openBeside(r.final+".part", os.O_RDWR|os.O_CREATE, r.replaced)
	if err != nil {
		return nil, nil, err
	}
	p := r.previous()
	t := &tape{part: part, name: r.final + savedSuffix, replaced: r.replaced, header: p.codec.header}
	p.tape = t
	if err := r.load(p, t); err != nil {
		part.Close()
		t.close()
		return nil, nil, err
	}
	f := &File{out: &Output{file: part, final: r.final}, tape: t, format: r.format, style: r.style}
	if err := f.begin(); err != nil {
		_, kept := f.Keep()
		return nil, nil, errors.Join(err, kept)
	}
	return f, p, nil
}

func (r *resumption) load(p *Previous, t *tape) error {
	info, err := t.part.Stat()
	if err != nil {
		return err
	}
	t.size = info.Size()
	if t.old, err = p.index(t.part, false); err != nil {
		return refusal(t.part.Name(), err)
	}
	if _, err := os.Lstat(t.name); err == nil {
		if t.saved, err = openBeside(t.name, os.O_RDWR, nil); err != nil {
			return err
		}
		if t.end, err = p.index(t.saved, true); err != nil {
			return refusal(t.name, err)
		}
	}
	slices.SortFunc(p.spans, func(a, b span) int { return cmp.Compare(a.hash, b.hash) })
	return nil
}
