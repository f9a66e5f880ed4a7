package source

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// extensions of the files that a folder is searched for, lower-case.
var extensions = []string{".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

func isPicture(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}

// entry is what is kept of a folder's entry: its name, and of a folder's a slash after
// it. A folder of millions is held as names.
type entry string

func (e entry) cut() (name string, folder bool) { return strings.CutSuffix(string(e), "/") }

func compareEntries(a, b entry) int {
	nameA, _ := a.cut()
	nameB, _ := b.cut()
	return strings.Compare(nameA, nameB)
}

// walk holds the state of walking one argument. A path that is handed to its
// functions is relative to the argument, with slashes.
type walk struct {
	*Source
	hidden bool                  // hidden entries too
	seen   map[string]bool       // real folders already entered
	enter  func(rel string) bool // whether the folder at rel may hold inputs
	take   func(rel string) bool // whether the file at rel is an input
	all    func(rel string) bool // whether all pictures below the folder at rel are inputs
	open   func(rel string) bool // whether the file at rel, where it is an archive, stands for its members
	yield  func(in Input) bool
}

// folder yields the pictures below root in lexical order.
func (s *Source) folder(root string, yield func(Input) bool) bool {
	w := &walk{Source: s, seen: map[string]bool{}, yield: yield, enter: always, take: isPicture, all: never, open: never}
	return w.dir(root, joined(root), "")
}

func always(string) bool { return true }
func never(string) bool  { return false }

// joined is the prefix of the names inside the folder called name.
func joined(name string) string {
	if name == "" || os.IsPathSeparator(name[len(name)-1]) {
		return name
	}
	return name + string(filepath.Separator)
}

// dir yields what is taken below the folder called name. Its entries are called
// prefix+entry to the user and rel+entry to the walk. A real folder is entered once.
func (w *walk) dir(name, prefix, rel string) bool {
	if w.halted() {
		return false
	}
	id, err := identity(name)
	if err != nil {
		return w.yield(failed(orDot(name), readError(err)))
	}
	if w.seen[id] {
		return true
	}
	w.seen[id] = true
	entries, err := w.entries(name, prefix, rel)
	for _, e := range entries {
		if !w.entry(e, prefix, rel) {
			return false
		}
	}
	if err != nil {
		return w.yield(failed(orDot(name), readError(err)))
	}
	return true
}

func (w *walk) entry(e entry, prefix, rel string) bool {
	name, folder := e.cut()
	path, rel := prefix+name, rel+name
	if !folder {
		return w.taken(path, rel)
	}
	if !w.all(rel) {
		return w.dir(path, path+string(filepath.Separator), rel+"/")
	}
	below := *w
	below.enter, below.all = always, never
	below.take = func(rel string) bool { return isPicture(rel) || w.take(rel) }
	return below.dir(path, path+string(filepath.Separator), rel+"/")
}

// taken yields the file, or the members of the archive.
func (w *walk) taken(path, rel string) bool {
	if w.open(rel) {
		if a := w.archive(path); a != nil {
			return w.members(a, w.yield)
		}
		if !w.filter.file(path, rel) {
			return true
		}
	}
	return w.yield(w.file(path))
}

// entries lists the wanted entries of a folder, sorted. With an error it returns
// those that could be read.
func (w *walk) entries(name, prefix, rel string) ([]entry, error) {
	f, err := os.Open(orDot(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var kept []entry
	for {
		batch, err := f.ReadDir(1024)
		for _, d := range batch {
			if e, ok := w.wanted(d, prefix, rel); ok {
				kept = append(kept, e)
			}
		}
		if err != nil || w.halted() {
			slices.SortFunc(kept, compareEntries)
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return kept, err
		}
	}
}

// wanted follows symbolic links. What is neither a folder nor taken by its name is
// left out; a taken name that is no regular file is kept, and fails when it is read.
func (w *walk) wanted(d fs.DirEntry, prefix, rel string) (entry, bool) {
	name := d.Name()
	if !w.hidden && strings.HasPrefix(name, ".") {
		return "", false
	}
	path, rel := prefix+name, rel+name
	dir := d.IsDir()
	if d.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		dir = err == nil && info.IsDir()
	}
	switch {
	case dir:
		return entry(name + "/"), (w.enter(rel) || w.all(rel)) && w.filter.container(path, rel, true)
	case !w.take(rel):
		return "", false
	case w.open(rel):
		return entry(name), w.filter.container(path, rel, false)
	}
	return entry(name), w.filter.file(path, rel)
}
