package pytorch

import (
	"archive/zip"
	"hash/crc32"
	"path"
	"strings"

	"github.com/effnet/effnet/pkg/weights/state"
)

// Limits of an archive.
const (
	maxEntries = 1 << 17
	maxPickle  = 64 << 20 // bytes of data.pkl; L2 has 0.3 MB
)

const pickleName = "data.pkl"

// archive is a zip file whose entries are stored as they are, so that they are
// parts of the file and nothing is ever inflated.
type archive struct {
	content content
	root    string // folder of data.pkl, ending in a slash, or empty
	entries map[string]*zip.File
}

// openArchive reads the directory of a zip file and checks its names.
func openArchive(c content) (*archive, error) {
	r, err := zip.NewReader(c, c.size())
	if err != nil {
		return nil, state.Refuse("a zip archive without its directory: truncated or damaged")
	}
	if len(r.File) > maxEntries {
		return nil, state.Refuse("a zip archive of %d entries", len(r.File))
	}
	a := &archive{content: c, entries: make(map[string]*zip.File, len(r.File))}
	found := false
	for _, f := range r.File {
		if !local(f.Name) {
			return nil, state.Refuse("a zip archive with an entry that leads out of it: %s", state.Quote(f.Name))
		}
		if _, twice := a.entries[f.Name]; twice {
			return nil, state.Refuse("a zip archive with two entries %s", state.Quote(f.Name))
		}
		a.entries[f.Name] = f
		dir, file := path.Split(f.Name)
		if file != pickleName {
			continue
		}
		if found {
			return nil, state.Refuse("a zip archive with several %s", pickleName)
		}
		a.root, found = dir, true
	}
	if !found {
		return nil, state.Refuse("a zip archive without %s, so not PyTorch's", pickleName)
	}
	return a, nil
}

// local tells whether an entry's name stays inside the archive.
func local(name string) bool {
	if name == "" || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\:\x00") {
		return false
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(name, "/"), "/") {
		if part == ".." || part == "." || part == "" {
			return false
		}
	}
	return true
}

// read gives an entry's bytes after comparing their checksum; buffer is as of
// content.slice.
func (a *archive) read(name string, buffer []byte) ([]byte, error) {
	name = a.root + name
	shown := state.Quote(name)
	f, ok := a.entries[name]
	if !ok {
		return nil, state.Refuse("the archive has no entry %s", shown)
	}
	const encrypted = 1
	switch {
	case f.Flags&encrypted != 0:
		return nil, state.Refuse("entry %s is encrypted", shown)
	case f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64:
		return nil, state.Refuse("entry %s is compressed, which PyTorch never does: unpack and save the weights again", shown)
	}
	offset, err := f.DataOffset()
	size := f.UncompressedSize64
	if err != nil || offset < 0 || offset > a.content.size() || size > uint64(a.content.size()-offset) {
		return nil, state.Refuse("entry %s is beyond the file's end: truncated or damaged", shown)
	}
	b, err := a.content.slice(offset, int64(size), buffer)
	if err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(b) != f.CRC32 {
		return nil, state.Refuse("entry %s does not have the checksum that the archive says: damaged", shown)
	}
	return b, nil
}

// parseArchive reads the format of PyTorch since 1.6.
func parseArchive(c content) (*state.Dict, error) {
	a, err := openArchive(c)
	if err != nil {
		return nil, err
	}
	if n := a.entries[a.root+pickleName].UncompressedSize64; n > maxPickle {
		return nil, state.Refuse("a pickle of %d bytes", n)
	}
	pickle, err := a.read(pickleName, nil)
	if err != nil {
		return nil, err
	}
	big, err := a.bigEndian()
	if err != nil {
		return nil, err
	}
	storages := map[string]*storage{}
	root, _, err := unpickle(pickle, func(id any) (any, error) {
		s, err := newStorage(id)
		if err != nil {
			return nil, err
		}
		if known, ok := storages[s.key]; ok && known.elem == s.elem && known.numel == s.numel {
			return known, nil
		}
		s.opens(c, func(buffer []byte) ([]byte, error) { return a.elements(s, big, buffer) })
		storages[s.key] = s
		return s, nil
	})
	if err != nil {
		return nil, err
	}
	return findDict(root, c.lazy())
}

// elements gives a storage's bytes, little-endian.
func (a *archive) elements(s *storage, big bool, buffer []byte) ([]byte, error) {
	b, err := a.read("data/"+s.key, buffer)
	if err != nil {
		return nil, err
	}
	if len(b) != s.numel*s.elem.size {
		return nil, state.Refuse("storage %s has %d bytes, its %d elements take %d", state.Quote(s.key), len(b), s.numel, s.numel*s.elem.size)
	}
	if big {
		b = swapped(b, s.elem.size)
	}
	return b, nil
}

// bigEndian reads the entry byteorder; files without it are little-endian.
func (a *archive) bigEndian() (bool, error) {
	const name = "byteorder"
	if _, ok := a.entries[a.root+name]; !ok {
		return false, nil
	}
	b, err := a.read(name, nil)
	switch {
	case err != nil:
		return false, err
	case string(b) == "little", string(b) == "big":
		return string(b) == "big", nil
	}
	return false, state.Refuse("byte order %s is not known", state.Quote(string(b)))
}
