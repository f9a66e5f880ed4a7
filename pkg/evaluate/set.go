package evaluate

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// Set is pictures whose classes are known.
type Set struct {
	Names []Name // of classes, as the folder or the manifest has them, in order
	// Inputs are what holds the pictures: a folder a class, or what a manifest
	// lists.
	Inputs []string

	names map[string]int // of Names
	truth map[string]int // the name of each input
}

// Name is what a set calls a class.
type Name struct {
	Name    string
	Classes []int // several where labels are alike: any of them is right
}

// Picture is one of a Set.
type Picture struct {
	Path  string
	Truth []int
	Read  func() ([]byte, error)
}

// Open reads a set: a folder that holds a folder of pictures for each class, by
// name, or a manifest, see ReadManifest. A class is a label, a synonym, a WordNet
// id or an index, as classify.Find has it, in which underscores may stand for
// blanks. A name that is none of labels is a *classify.UsageError; other errors
// are those of reading, without the path.
func Open(path string, labels []weights.Label) (*Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.New(source.Reason(err))
	}
	if info.IsDir() {
		return openFolder(path, labels)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("neither a folder nor a manifest")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.New(source.Reason(err))
	}
	defer f.Close()
	return ReadManifest(f, filepath.Dir(path), labels)
}

func newSet() *Set { return &Set{names: map[string]int{}, truth: map[string]int{}} }

func openFolder(dir string, labels []weights.Label) (*Set, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errors.New(source.Reason(err))
	}
	s := newSet()
	var unknown unknownNames
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || !isFolder(e, path) {
			continue
		}
		n, err := s.name(e.Name(), labels)
		if err != nil {
			unknown.add(e.Name(), err)
			continue
		}
		s.Inputs = append(s.Inputs, path)
		s.truth[path] = n
	}
	if err := unknown.error("folder"); err != nil {
		return nil, err
	}
	if len(s.Inputs) == 0 {
		return nil, &classify.UsageError{Msg: "no folder of a class in it"}
	}
	return s, nil
}

// isFolder follows symbolic links.
func isFolder(e fs.DirEntry, path string) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// name is the number of a class's name.
func (s *Set) name(name string, labels []weights.Label) (int, error) {
	if n, ok := s.names[name]; ok {
		return n, nil
	}
	found, err := classify.Find(labels, name)
	if err != nil && strings.Contains(name, "_") {
		var again error
		if found, again = classify.Find(labels, strings.ReplaceAll(name, "_", " ")); again == nil {
			err = nil
		}
	}
	if err != nil {
		return 0, err
	}
	s.names[name] = len(s.Names)
	s.Names = append(s.Names, Name{name, found})
	return s.names[name], nil
}

// Truth lists the classes that the picture at path is of, one of Inputs or
// below one, in a folder or an archive; nil where it is none of them.
func (s *Set) Truth(path string) []int {
	for path != "" {
		if n, ok := s.truth[path]; ok {
			return s.Names[n].Classes
		}
		path = path[:max(0, strings.LastIndexAny(path, "!/"+string(filepath.Separator)))]
	}
	return nil
}

// List is Inputs for a reader of names that end in NUL.
func (s *Set) List() string { return strings.Join(s.Inputs, "\x00") + "\x00" }

// All yields the pictures in order; a folder that can not be read is a picture
// that can not.
func (s *Set) All() iter.Seq[Picture] {
	return func(yield func(Picture) bool) {
		stream, err := source.Open(source.Options{FilesFrom: "-", NUL: true, Stdin: strings.NewReader(s.List())})
		if err != nil {
			return // never: the options are sound
		}
		defer stream.Close()
		for in := range stream.All() {
			if truth := s.Truth(in.Path); truth != nil && !yield(Picture{in.Path, truth, in.Read}) {
				return
			}
		}
	}
}

// unknownNames collects names that are no label.
type unknownNames struct {
	names []string
	count int
	first error
}

// mostUnknown is how many names an error tells.
const mostUnknown = 5

func (u *unknownNames) add(name string, err error) {
	u.count++
	if u.first == nil {
		u.first = err
	}
	if quoted := fmt.Sprintf("%.60q", name); len(u.names) < mostUnknown && !slices.Contains(u.names, quoted) {
		u.names = append(u.names, quoted)
	}
}

func (u *unknownNames) error(where string) error {
	if u.count == 0 {
		return nil
	}
	e := &classify.UsageError{Msg: fmt.Sprintf("no label of the model: %s %s", where, strings.Join(u.names, ", "))}
	if more := u.count - len(u.names); more > 0 {
		e.Msg += fmt.Sprintf(" and %d more", more)
	}
	var first *classify.UsageError
	if errors.As(u.first, &first) {
		e.Near = first.Near
	}
	return e
}
