package train

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// extensions of the files that are taken as pictures, lower-case.
var extensions = []string{".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

func isPictureName(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}

// layout is where the classes' folders are.
type layout struct {
	dir, train, val string // val is empty where a share is to be split off
	classes         []string
	ignored         []string
}

const trainDir, valDir = "train", "val"

// sideNames are what people call the sides of a data set.
var sideNames = []string{trainDir, valDir, "dev", "test", "valid", "validation"}

// findLayout decides whether dir holds classes or sides. It holds sides where it
// has train/ and val/, or train/ and nothing but what sides are called.
func findLayout(dir string) (*layout, error) {
	folders, pictures, err := list(dir)
	if err != nil {
		return nil, &DatasetError{dir, []string{reasonOf(err)}}
	}
	l := &layout{dir: dir, train: dir, classes: folders}
	has := func(name string) bool { return slices.Contains(folders, name) }
	sides := len(folders) > 0 && !slices.ContainsFunc(folders, func(f string) bool { return !slices.Contains(sideNames, f) })
	switch {
	case has(trainDir) && (has(valDir) || sides):
		for _, name := range folders {
			if name != trainDir && name != valDir && name != "test" && !has(valDir) {
				return nil, &DatasetError{dir, []string{fmt.Sprintf("beside train/ the pictures for validation must be in val/, not in %s/", name)}}
			}
		}
		err = l.takeSides(has(valDir))
	case sides && len(folders) > 1:
		return nil, &DatasetError{dir, []string{fmt.Sprintf("it has %s/ but no train/", folders[0])}}
	}
	if err != nil {
		return nil, err
	}
	for _, name := range pictures {
		l.ignored = append(l.ignored, filepath.Join(dir, name))
	}
	return l, l.check()
}

// takeSides makes the classes those of train/, which val/ must have too.
func (l *layout) takeSides(val bool) error {
	for _, name := range l.classes {
		if name != trainDir && name != valDir {
			l.ignored = append(l.ignored, filepath.Join(l.dir, name))
		}
	}
	sides := []string{filepath.Join(l.dir, trainDir)}
	if val {
		sides = append(sides, filepath.Join(l.dir, valDir))
		l.val = sides[1]
	}
	var classes [][]string
	for _, side := range sides {
		folders, pictures, err := list(side)
		if err != nil {
			return &DatasetError{side, []string{reasonOf(err)}}
		}
		for _, name := range pictures {
			l.ignored = append(l.ignored, filepath.Join(side, name))
		}
		classes = append(classes, folders)
	}
	l.train, l.classes = sides[0], classes[0]
	if !val {
		return nil
	}
	var problems []string
	for _, c := range missing(classes[0], classes[1]) {
		problems = append(problems, fmt.Sprintf("class %q is in train/ but not in val/", c))
	}
	for _, c := range missing(classes[1], classes[0]) {
		problems = append(problems, fmt.Sprintf("class %q is in val/ but not in train/", c))
	}
	if problems != nil {
		return &DatasetError{l.dir, problems}
	}
	return nil
}

// missing gives those of names that other lacks.
func missing(names, other []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(other, n) })
}

// check holds that there are classes, with names that a label can have.
func (l *layout) check() error {
	if n := len(l.classes); n < 2 {
		found := "no folder"
		if n == 1 {
			found = fmt.Sprintf("only the folder %q", l.classes[0])
		}
		return &DatasetError{l.train, []string{"training needs a folder for each of two or more classes, it has " + found}}
	}
	var problems []string
	for _, name := range l.classes {
		control := func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }
		if strings.TrimSpace(name) == "" || strings.ContainsFunc(name, control) {
			problems = append(problems, fmt.Sprintf("the folder %q is no name of a class", name))
		}
	}
	if problems != nil {
		return &DatasetError{l.train, problems}
	}
	return nil
}

// pictures lists one side, without digests. A class without a picture is an
// error.
func (l *layout) pictures(ctx context.Context, side string) (all []Picture, err error) {
	var problems []string
	for class, name := range l.classes {
		w := walker{ctx: ctx, seen: map[string]bool{}}
		for _, root := range []string{l.dir, side} {
			if real, err := realPath(root); err == nil {
				w.seen[real] = true
			}
		}
		w.folder(filepath.Join(side, name), "")
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if w.err != nil {
			problems = append(problems, w.err.Error())
		} else if len(w.paths) == 0 {
			problems = append(problems, fmt.Sprintf("class %q has no picture in %q", name, filepath.Join(side, name)))
		}
		for _, path := range w.paths {
			all = append(all, Picture{Path: path, Class: class})
		}
	}
	if problems != nil {
		return nil, &DatasetError{l.dir, problems}
	}
	return all, nil
}

// walker collects the pictures below a folder in lexical order. Each real folder
// is entered once.
type walker struct {
	ctx   context.Context
	seen  map[string]bool
	paths []string
	err   error // of the first folder that cannot be read
}

// folder walks path; real is its real path, empty where it is not known.
func (w *walker) folder(path, real string) {
	if w.ctx.Err() != nil || w.err != nil {
		return
	}
	if real == "" {
		var err error
		if real, err = realPath(path); err != nil {
			w.err = fmt.Errorf("%q: %s", path, reasonOf(err))
			return
		}
	}
	if w.seen[real] {
		return
	}
	w.seen[real] = true
	entries, err := os.ReadDir(path)
	if err != nil {
		w.err = fmt.Errorf("%q: %s", path, reasonOf(err))
		return
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") {
			continue
		}
		below := filepath.Join(path, name)
		switch {
		case e.IsDir():
			w.folder(below, filepath.Join(real, name))
		case isFolder(below, e):
			w.folder(below, "")
		case isPictureName(name):
			w.paths = append(w.paths, below)
		}
	}
}

// list gives the names of the folders and pictures in dir, hidden ones left out.
func list(dir string) (folders, pictures []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "."):
		case isFolder(filepath.Join(dir, name), e):
			folders = append(folders, name)
		case isPictureName(name):
			pictures = append(pictures, name)
		}
	}
	return folders, pictures, err
}

// isFolder follows symbolic links.
func isFolder(path string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}
