package report

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"sync"
)

// tape is the FILE.part of a run. What an interrupted run left there is compared with
// what this one writes, and stays while both agree; from the first difference on the
// rest is saved in FILE.resume, so that no record is ever lost.
type tape struct {
	mu       sync.Mutex
	part     *os.File
	saved    *os.File // FILE.resume, nil where there is none
	name     string   // of FILE.resume
	replaced fs.FileInfo
	header   []byte // what a file of records begins with

	at     int64 // end of what this run wrote or agreed with
	old    int64 // end of the whole records that were there before; not less than at
	size   int64 // of the part
	end    int64 // of whole records in saved
	cut    int64 // where the part was cut, and …
	moved  int64 // … where in saved the rest of it begins
	parted bool  // the part was cut
}

// Write takes whole records.
func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at < t.old {
		same, err := t.agrees(p)
		if err != nil {
			return 0, err
		}
		if same {
			t.at += int64(len(p))
			return len(p), nil
		}
		if err := t.save(); err != nil {
			return 0, err
		}
	}
	if err := t.trim(t.at); err != nil {
		return 0, err
	}
	n, err := t.part.WriteAt(p, t.at)
	if err != nil {
		t.size = t.at + int64(n)
		_ = t.trim(t.at) // what cannot be undone is torn, and known as such
		return 0, err
	}
	t.at += int64(n)
	t.old, t.size = t.at, t.at
	return n, nil
}

func (t *tape) agrees(p []byte) (bool, error) {
	if t.at+int64(len(p)) > t.old {
		return false, nil
	}
	was := make([]byte, len(p))
	if _, err := t.part.ReadAt(was, t.at); err != nil {
		return false, err
	}
	return bytes.Equal(was, p), nil
}

// save appends the old records from here on to FILE.resume, and only then cuts them off
// the part: whenever it is killed, every record is in one of the two. A power cut may cost
// records, which are then made again.
func (t *tape) save() error {
	if t.saved == nil {
		f, err := openBeside(t.name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, t.replaced)
		if err != nil {
			return err
		}
		t.saved = f
	}
	if err := t.saved.Truncate(t.end); err != nil {
		return err
	}
	if t.end == 0 {
		if _, err := t.saved.WriteAt(t.header, 0); err != nil {
			return err
		}
		t.end = int64(len(t.header))
	}
	n, err := io.Copy(io.NewOffsetWriter(t.saved, t.end), io.NewSectionReader(t.part, t.at, t.old-t.at))
	if err != nil {
		return err
	}
	t.parted, t.cut, t.moved = true, t.at, t.end
	t.end += n
	t.old = t.at
	return nil
}

// trim ends the part at a place that is not beyond its end.
func (t *tape) trim(at int64) error {
	if t.size == at {
		return nil
	}
	if err := t.part.Truncate(at); err != nil {
		return err
	}
	t.size = at
	return nil
}

// read gives the bytes that were at an offset of the part or of FILE.resume when the
// run began.
func (t *tape) read(s span) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from, at := t.part, s.at
	switch {
	case s.saved:
		from = t.saved
	case t.parted && at >= t.cut:
		from, at = t.saved, at-t.cut+t.moved
	}
	raw := make([]byte, s.len)
	_, err := from.ReadAt(raw, at)
	return raw, err
}

// finish leaves in the part what this run wrote and nothing else.
func (t *tape) finish() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.trim(t.at)
}

// pause leaves whole records only, those of earlier runs too.
func (t *tape) pause() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.trim(t.old)
}

// forget removes FILE.resume, once the part has every record.
func (t *tape) forget() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.saved == nil {
		return nil
	}
	t.saved.Close()
	return os.Remove(t.name)
}

func (t *tape) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.saved != nil {
		t.saved.Close()
	}
}
