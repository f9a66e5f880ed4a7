package source

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
)

// gzipStartsTar tells whether what the gzip file f inflates to starts like a tar.
func gzipStartsTar(f io.ReaderAt) bool {
	z, err := gzip.NewReader(io.NewSectionReader(f, 0, 1<<20))
	if err != nil {
		return false
	}
	head := make([]byte, tarBlock)
	n, _ := io.ReadFull(z, head)
	return startsTar(head[:n], false)
}

// inflated counts the bytes of a gzip stream as they are read.
type inflated struct {
	*gzip.Reader
	n int64
}

func inflate(r io.Reader) (*inflated, error) {
	z, err := gzip.NewReader(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return nil, archiveError(err)
	}
	return &inflated{Reader: z}, nil
}

func (r *inflated) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.n += int64(n)
	return n, err
}

// maxTail bounds what is inflated after the end of a tar to reach the checksum.
const maxTail = 1 << 20

// stream yields the picked members of a compressed tar in its own order, each with its
// bytes, and fails at the first damage.
func (s *Source) stream(a *archive, prefix string, pick func(name string) bool, yield func(Input) bool) bool {
	if s.counting {
		s.uncounted = true
		return false
	}
	f, err := a.open()
	if err != nil {
		return yield(failed(a.path, err))
	}
	defer f.Close()
	r, err := inflate(f)
	if err != nil {
		return yield(failed(a.path, err))
	}
	t := tar.NewReader(r)
	ok := true
	err = s.headers(t, func() int64 { return r.n }, func(m member) (bool, error) {
		if !pick(m.name) {
			return true, nil
		}
		if path := prefix + m.name; !s.opts.Shard.Holds(path) {
			ok = yield(Input{Path: path}) // counted there, never read
			return ok, nil
		}
		in, err := s.ahead(a, prefix, m, t)
		if err == nil {
			ok = yield(in)
		}
		return ok, err
	})
	if err == nil && ok {
		_, err = io.CopyN(io.Discard, r, maxTail)
		if err == nil || errors.Is(err, io.EOF) || errors.Is(err, gzip.ErrHeader) {
			return true // gzip.ErrHeader: what follows is not gzip, and not ours
		}
		err = archiveError(err)
	}
	if err != nil {
		return yield(failed(a.path, err))
	}
	return ok
}

// ahead reads a member of a stream, as long as not too many bytes are held that nobody
// has asked for; then the member is left to be read later, from the archive's start.
func (s *Source) ahead(a *archive, prefix string, m member, r io.Reader) (Input, error) {
	path := prefix + m.name
	if escapes(m.name) {
		return failed(path, errEscapes), nil
	}
	if err := m.readable(s.opts.MaxBytes); err != nil {
		return failed(path, err), nil
	}
	if m.size > freeBytes && m.size/maxRatio > a.info.Size() {
		return failed(path, &Error{Limit: true, Msg: fmt.Sprintf("the member inflates to %d bytes, more than %d times the archive's size", m.size, maxRatio)}), nil
	}
	late := func() ([]byte, error) { return a.readInflated(m) }
	if s.held.Load()+m.size > s.limits.held {
		return Input{Path: path, read: late}, nil
	}
	data, err := readSized(r, m.size, 0)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return Input{}, err
	}
	h := &holding{data: data, loan: &loan{held: &s.held, n: m.size}}
	s.held.Add(m.size)
	runtime.AddCleanup(h, (*loan).repay, h.loan)
	return Input{Path: path, read: func() ([]byte, error) {
		if data, ok := h.take(); ok {
			return data, nil
		}
		return late()
	}}, nil
}

// holding is the bytes of a member until they are asked for.
type holding struct {
	mu   sync.Mutex
	data []byte
	loan *loan
	gone bool
}

// loan is the share of a holding in the bytes held. It is repaid once: when the bytes
// are taken, or when nobody can take them any more.
type loan struct {
	held *atomic.Int64
	n    int64
	once sync.Once
}

func (l *loan) repay() { l.once.Do(func() { l.held.Add(-l.n) }) }

// take hands the bytes over the first time.
func (h *holding) take() ([]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone {
		return nil, false
	}
	data := h.data
	h.data, h.gone = nil, true
	h.loan.repay()
	return data, true
}

// readInflated inflates the archive up to the member and reads it.
func (a *archive) readInflated(m member) ([]byte, error) {
	f, err := a.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := inflate(f)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, r, m.at); err != nil {
		return nil, archiveError(err)
	}
	data, err := readSized(r, m.size, 0)
	if err != nil {
		return nil, archiveError(err)
	}
	return data, nil
}
