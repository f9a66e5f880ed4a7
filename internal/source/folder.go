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

// entry is what is kept of a folder's entry: a folder of millions is held as names.
type entry struct {
	name string
	dir  bool
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
	yield  func(in Input) bool
}

// folder yields the pictures below root in lexical order.
func (s *Source) folder(root string, yield func(Input) bool) bool {
	w := &walk{Source: s, seen: map[string]bool{}, yield: yield, enter: always, take: isPicture, all: never}
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
	path, rel := prefix+e.name, rel+e.name
	if !e.dir {
		return w.yield(w.file(path))
	}
	if !w.all(rel) {
		return w.dir(path, path+string(filepath.Separator), rel+"/")
	}
	below := *w
	below.enter, below.all = always, never
	below.take = func(rel string) bool { return isPicture(rel) || w.take(rel) }
	return below.dir(path, path+string(filepath.Separator), rel+"/")
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
		if err != nil {
			slices.SortFunc(kept, func(a, b entry) int { return strings.Compare(a.name, b.name) })
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
		return entry{}, false
	}
	dir := d.IsDir()
	if d.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(prefix + name)
		dir = err == nil && info.IsDir()
	}
	if dir {
		return entry{name, true}, w.enter(rel+name) || w.all(rel+name)
	}
	return entry{name, false}, w.take(rel + name)
}
