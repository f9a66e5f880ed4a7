package source

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

const tarBlock = 512

// startsTar recognises the first header of a tar by its mark or, of a file called so,
// by its checksum; a tar of nothing starts with zeros.
func startsTar(head []byte, called bool) bool {
	if len(head) >= 262 && string(head[257:262]) == "ustar" {
		return true
	}
	return called && len(head) == tarBlock && (sumsUp(head) || bytes.Equal(head, make([]byte, tarBlock)))
}

// sumsUp compares the header's checksum, whose own field counts as spaces.
func sumsUp(head []byte) bool {
	const from, to = 148, 156
	want, err := strconv.ParseUint(strings.Trim(string(head[from:to]), " \x00"), 8, 32)
	if err != nil {
		return false
	}
	sum := uint64(to-from) * ' '
	for i, c := range head {
		if i < from || i >= to {
			sum += uint64(c)
		}
	}
	return sum == want
}

// listTar lists a tar's picked files, with an error those before the damage.
func (s *Source) listTar(a *archive, f *os.File, pick func(name string) bool) ([]member, error) {
	size := a.info.Size()
	r := io.NewSectionReader(f, 0, size)
	at := func() int64 {
		here, _ := r.Seek(0, io.SeekCurrent) // a section always knows
		return here
	}
	var members []member
	var names int64
	err := s.headers(tar.NewReader(r), at, func(m member) (bool, error) {
		if m.size > size-m.at {
			return false, io.ErrUnexpectedEOF
		}
		if pick(m.name) {
			if names += int64(len(m.name)); names > s.limits.directory {
				return false, &Error{Limit: true, Msg: fmt.Sprintf("the archive's names are longer than %d bytes together", s.limits.directory)}
			}
			m.name = strings.Clone(m.name) // which is cut out of a larger header
			members = append(members, m)
		}
		return true, nil
	})
	return members, err
}

// headers hands every regular file of a tar to each, until that says no. at is where
// the data begins after its header.
func (s *Source) headers(t *tar.Reader, at func() int64, each func(member) (bool, error)) error {
	for n := 0; !s.halted(); n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return archiveError(err)
		}
		if n == s.limits.members {
			return tooMany(n)
		}
		m := member{name: label(h.Name), at: at(), size: h.Size}
		switch {
		case h.Typeflag == tar.TypeGNUSparse || h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != "":
			m.size = sparse
		case h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeCont || strings.HasSuffix(m.name, "/"):
			continue
		case len(m.name) > maxName:
			return &Error{Limit: true, Msg: fmt.Sprintf("a member's name is longer than %d bytes", maxName)}
		}
		if ok, err := each(m); err != nil {
			return archiveError(err)
		} else if !ok {
			return nil
		}
	}
	return nil
}

// sparse is the size of a member of which the tar leaves out the zeros.
const sparse = -1

func tooMany(n int) error {
	return &Error{Limit: true, Msg: fmt.Sprintf("the archive has more than %d members", n)}
}

// readable refuses a member of a tar by its size.
func (m member) readable(limit int64) error {
	switch {
	case m.size == sparse:
		return &Error{Msg: "the member is stored sparse, which is not supported"}
	case m.size > limit:
		return tooLarge(limit)
	}
	return nil
}

func (a *archive) readTar(m member, limit int64) ([]byte, error) {
	if err := m.readable(limit); err != nil {
		return nil, err
	}
	f, err := a.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, m.size) // lies inside the file, as was seen when it was listed
	if _, err := f.ReadAt(data, m.at); err != nil {
		return nil, archiveError(err)
	}
	return data, nil
}
