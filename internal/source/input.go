package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
)

// Input is one picture to be: a name, and a way to its bytes.
type Input struct {
	Path   string // as typed; in a folder the argument joined with the relative path; "archive!member"; "-"
	Stream bool   // standard input: Read may wait for as long as nothing comes

	everywhere bool // belongs to every shard
	read       func() ([]byte, error)
	into       func(buf []byte) ([]byte, error) // instead of read; may be nil
}

// Read returns the bytes of the input. Errors are *Error.
func (in Input) Read() ([]byte, error) { return in.ReadInto(nil) }

// ReadInto is Read that may put the bytes into the memory of buf.
func (in Input) ReadInto(buf []byte) ([]byte, error) {
	if in.into != nil {
		return in.into(buf)
	}
	return in.read()
}

// Error says in words why an input has no bytes, without its path.
type Error struct {
	Limit bool // the input is larger than the cap
	Msg   string
	Err   error // may be nil
}

func (e *Error) Error() string { return e.Msg }
func (e *Error) Unwrap() error { return e.Err }

// Reason is the text of an operating-system error without operation and path.
func Reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

func readError(err error) error { return &Error{Msg: Reason(err), Err: err} }

func failed(path string, err error) Input {
	return Input{Path: path, read: func() ([]byte, error) { return nil, err }}
}

func quote(s string) string { return strconv.Quote(s) }

func (s *Source) file(path string) Input {
	limit := s.opts.MaxBytes
	return Input{Path: path, into: func(buf []byte) ([]byte, error) { return readFile(path, limit, buf) }}
}

// standardInput is one input the first time and an error afterwards.
func (s *Source) standardInput() Input {
	if s.stdin {
		return failed("-", &Error{Msg: "standard input is already taken"})
	}
	s.stdin = true
	stdin, limit := s.opts.Stdin, s.opts.MaxBytes
	return Input{Path: "-", Stream: true, read: func() ([]byte, error) {
		var b bytes.Buffer
		return readAll(&b, stdin, limit)
	}}
}

func readFile(path string, limit int64, buf []byte) ([]byte, error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, tooLarge(limit)
	}
	b := bytes.NewBuffer(buf[:0])
	b.Grow(int(info.Size()) + bytes.MinRead)
	return readAll(b, f, limit)
}

// openRegular never blocks on a pipe: the kind of file is checked before it is opened
// and, as it may have been replaced meanwhile, once more on the open file.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, readError(err)
	}
	if err := checkRegular(info); err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, nil, readError(err)
	}
	if info, err = f.Stat(); err != nil {
		err = readError(err)
	} else {
		err = checkRegular(info)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func checkRegular(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return &Error{Msg: "not a regular file"}
	}
	return nil
}

func readAll(b *bytes.Buffer, r io.Reader, limit int64) ([]byte, error) {
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, readError(err)
	}
	if n > limit {
		return nil, tooLarge(limit)
	}
	return b.Bytes(), nil
}

// readSized reads size bytes, or gives io.EOF with fewer. A claim alone allocates no more
// than hint or 64 KiB; then the buffer doubles, up to size.
func readSized(r io.Reader, size, hint int64) ([]byte, error) {
	data := make([]byte, 0, min(size, max(hint, 64<<10)))
	for int64(len(data)) < size {
		if len(data) == cap(data) {
			data = append(make([]byte, 0, min(size, 2*int64(cap(data)))), data...)
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err != nil && (err != io.EOF || int64(len(data)) < size) {
			return data, err
		}
	}
	return data, nil
}

func tooLarge(limit int64) error {
	return &Error{Limit: true, Msg: fmt.Sprintf("larger than %d bytes", limit)}
}
