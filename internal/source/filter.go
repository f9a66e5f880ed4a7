package source

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// filter is what Options.Include and Options.Exclude ask for. Its functions take a path
// as typed and the same path relative to the walked argument, with slashes; of a named
// file both are the path as typed.
type filter struct{ include, exclude []pattern }

type pattern struct {
	text   string
	base   bool // no slash: holds for the base name
	folder bool // ended in a slash: holds for folders alone
}

func newFilter(include, exclude []string) (f filter, err error) {
	if f.include, err = patterns("--include", include); err != nil {
		return f, err
	}
	for _, p := range f.include {
		if p.folder {
			return f, errors.New("--include " + quote(p.text+"/") + ": names a folder, not its files: write " + quote(p.text+"/**"))
		}
	}
	f.exclude, err = patterns("--exclude", exclude)
	return f, err
}

func patterns(flag string, texts []string) ([]pattern, error) {
	var ps []pattern
	for _, t := range texts {
		text := t
		if len(text) > 1 {
			text = strings.TrimSuffix(text, "/")
		}
		if text == "" || !doublestar.ValidatePattern(text) {
			return nil, errors.New(flag + " " + quote(t) + ": malformed pattern")
		}
		ps = append(ps, pattern{text: text, base: !strings.Contains(text, "/"), folder: text != t})
	}
	return ps, nil
}

func (p pattern) matches(typed, rel string) bool {
	if p.base {
		base := path.Base(rel)
		return base != "." && base != ".." && doublestar.MatchUnvalidated(p.text, base)
	}
	return doublestar.MatchUnvalidated(p.text, typed) || rel != typed && doublestar.MatchUnvalidated(p.text, rel)
}

func (f *filter) empty() bool { return len(f.include)+len(f.exclude) == 0 }

// file tells whether a file is an input as far as the patterns go.
func (f *filter) file(typed, rel string) bool {
	if f.empty() {
		return true
	}
	typed = filepath.ToSlash(typed)
	included := func(p pattern) bool { return p.matches(typed, rel) }
	return (len(f.include) == 0 || slices.ContainsFunc(f.include, included)) && !f.excluded(typed, rel, false)
}

// container tells whether a folder may be entered, or a file that may turn out to be an
// archive opened: what they hold can be included whatever they are called themselves.
func (f *filter) container(typed, rel string, folder bool) bool {
	return len(f.exclude) == 0 || !f.excluded(filepath.ToSlash(typed), rel, folder)
}

// member tells whether the member rel of an archive is an input. prefix is the archive
// as typed with the "!".
func (f *filter) member(prefix, rel string) bool {
	if f.empty() {
		return true
	}
	prefix = filepath.ToSlash(prefix)
	for i := range len(rel) {
		if rel[i] == '/' && len(f.exclude) > 0 && f.excluded(prefix+rel[:i], rel[:i], true) {
			return false
		}
	}
	return f.file(prefix+rel, rel)
}

func (f *filter) excluded(typed, rel string, folder bool) bool {
	return slices.ContainsFunc(f.exclude, func(p pattern) bool {
		return (folder || !p.folder) && p.matches(typed, rel)
	})
}
