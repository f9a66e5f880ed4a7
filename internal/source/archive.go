package source

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// limits bound what an archive can make of itself.
type limits struct {
	members   int   // of an archive, pictures or not
	directory int64 // bytes of a zip's directory
	held      int64 // bytes of a compressed tar's members that are read ahead
}

var defaultLimits = limits{members: 10_000_000, directory: 1 << 30, held: 256 << 20}

type kind int

const (
	zipped  kind = iota // zip
	tarred              // tar: its members lie as they are
	gzipped             // tar inside gzip: can only be read from its start
)

// archive is a regular file that holds files. It is opened anew for its directory and
// for every member, so that no handle stays open between them.
type archive struct {
	path string
	kind kind
	info fs.FileInfo // as it was recognised

	directory zipDirectory // of a zip, once it is listed
}

// member is what is kept of a file inside an archive.
type member struct {
	name string
	at   int64 // zip: the record in the directory; else the data, inflated
	size int64 // tar: bytes
}

// archive recognises an archive by its content, and gives nil for anything else. Only
// a zip behind other bytes, and a tar from before POSIX, which has no mark, need their
// name's extension too.
func (s *Source) archive(path string) *archive {
	f, info, err := openRegular(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, tarBlock)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	head = head[:n]
	name := strings.ToLower(filepath.Base(path))
	a := &archive{path: path, info: info}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")),
		strings.HasSuffix(name, ".zip") && endsZip(f, info.Size()):
		a.kind = zipped
	case startsTar(head, strings.HasSuffix(name, ".tar")):
		a.kind = tarred
	case bytes.HasPrefix(head, []byte("\x1f\x8b")) && (tarName(name) || gzipStartsTar(f)):
		a.kind = gzipped
	default:
		return nil
	}
	return a
}

func tarName(name string) bool {
	return strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

// open opens the archive again, as long as it is the file that was recognised.
func (a *archive) open() (*os.File, error) {
	f, info, err := openRegular(a.path)
	if err != nil {
		return nil, err
	}
	if !sameFile(a.info, info) {
		f.Close()
		return nil, &Error{Msg: "the archive changed while it was read"}
	}
	return f, nil
}

func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// members yields the pictures of an archive: of a zip or tar in the order in which a
// folder of the same files would be walked, of a compressed tar in its own. A damaged
// tar yields what stands before the damage and then one input that fails and bears its
// name, a damaged zip that input alone.
func (s *Source) members(a *archive, yield func(Input) bool) bool {
	prefix := a.path + "!"
	pick := func(name string) bool { return isPicture(name) && !concealed(name) && s.filter.member(prefix, name) }
	if a.kind == gzipped {
		return s.stream(a, prefix, pick, yield)
	}
	members, err := s.directory(a, pick)
	for _, m := range members {
		if s.halted() || !yield(s.memberInput(a, prefix, m)) {
			return false
		}
	}
	if err != nil {
		return yield(failed(a.path, err))
	}
	return true
}

// directory lists the members of a zip or tar that are files and picked, sorted.
func (s *Source) directory(a *archive, pick func(name string) bool) ([]member, error) {
	f, err := a.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list := s.listTar
	if a.kind == zipped {
		list = s.listZip
	}
	members, err := list(a, f, pick)
	slices.SortFunc(members, compareMembers)
	return members, err
}

// memberInput is a member of a zip or tar, called prefix+name.
func (s *Source) memberInput(a *archive, prefix string, m member) Input {
	path := prefix + m.name
	if escapes(m.name) {
		return failed(path, errEscapes)
	}
	read, limit := a.readTar, s.opts.MaxBytes
	if a.kind == zipped {
		read = a.readZip
	}
	return Input{Path: path, read: func() ([]byte, error) { return read(m, limit) }}
}

// compareMembers orders names segment by segment, as nested folders are walked, and
// members of one name as they stand in the archive.
func compareMembers(a, b member) int {
	n := min(len(a.name), len(b.name))
	for i := range n {
		x, y := a.name[i], b.name[i]
		switch {
		case x == y:
			continue
		case x == '/':
			return -1
		case y == '/':
			return 1
		}
		return int(x) - int(y)
	}
	if len(a.name) != len(b.name) {
		return len(a.name) - len(b.name)
	}
	return cmp.Compare(a.at, b.at)
}

// label is a member's name as it is shown.
func label(name string) string {
	for strings.HasPrefix(name, "./") {
		name = strings.TrimLeft(name[2:], "/")
	}
	return name
}

// concealed tells of names that a walk passes over: hidden ones, and the forks that
// macOS keeps beside every file.
func concealed(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		hidden := strings.HasPrefix(segment, ".") && segment != "." && segment != ".."
		if hidden || segment == "__MACOSX" {
			return true
		}
	}
	return false
}

// escapes tells of names that would be written outside the folder in which they are
// unpacked. Nothing is written here, but what reads the records may trust them.
func escapes(name string) bool {
	slash := func(c rune) bool { return c == '/' || c == '\\' }
	drive := len(name) > 2 && name[1] == ':' && slash(rune(name[2]))
	return drive || name != "" && slash(rune(name[0])) || slices.Contains(strings.FieldsFunc(name, slash), "..")
}

var errEscapes = &Error{Msg: "the member's name leads out of the archive"}

// archiveError says in words what is wrong with an archive or member.
func archiveError(err error) error {
	var known *Error
	var system *fs.PathError
	var deflated flate.CorruptInputError
	damaged := func(what string) error { return &Error{Msg: "the archive is damaged: " + what, Err: err} }
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &system):
		return readError(err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Msg: "the archive is truncated", Err: err}
	case errors.As(err, &deflated):
		return damaged("its compressed data is broken")
	case errors.Is(err, gzip.ErrChecksum):
		return damaged("its checksum differs")
	case errors.Is(err, gzip.ErrHeader):
		return damaged("its gzip header is broken")
	case errors.Is(err, tar.ErrHeader):
		return damaged("a tar header is broken")
	}
	return damaged(err.Error())
}
