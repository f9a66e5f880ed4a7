package source

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// glob yields what pattern matches in lexical order: files whatever their name, and
// the pictures of folders and archives. Hidden entries are skipped, unless a segment of the
// pattern starts with a dot. A malformed pattern is the name of a missing file.
func (s *Source) glob(pattern string, yield func(Input) bool) bool {
	prefix, rest := splitGlob(filepath.ToSlash(pattern))
	if !doublestar.ValidatePattern(rest) {
		return s.named(pattern, yield)
	}
	prefix = filepath.FromSlash(prefix)
	if info, err := os.Stat(orDot(prefix)); err != nil || !info.IsDir() {
		return true
	}
	matches := func(rel string) bool { return doublestar.MatchUnvalidated(rest, rel) }
	w := &walk{Source: s, seen: map[string]bool{}, yield: yield}
	w.enter, w.take, w.all, w.open = enterable(rest), matches, matches, matches
	w.hidden = strings.HasPrefix(rest, ".") || strings.Contains(rest, "/.")
	return w.dir(prefix, prefix, "")
}

// splitGlob cuts a pattern after the last slash before its first special character.
func splitGlob(pattern string) (prefix, rest string) {
	i := strings.IndexAny(pattern, `*?[{\`)
	cut := strings.LastIndexByte(pattern[:max(i, 0)], '/') + 1
	return pattern[:cut], pattern[cut:]
}

// enterable tells which folders can hold a match of pattern. Where the segments of
// the pattern cannot be told apart, or it has a "**", every folder can.
func enterable(pattern string) func(rel string) bool {
	if strings.Contains(pattern, "**") || strings.ContainsAny(pattern, `\[`) || slashInBraces(pattern) {
		return always
	}
	segments := strings.Split(pattern, "/")
	return func(rel string) bool {
		depth := strings.Count(rel, "/") + 1
		return depth < len(segments) && doublestar.MatchUnvalidated(strings.Join(segments[:depth], "/"), rel)
	}
}

func slashInBraces(pattern string) bool {
	depth := 0
	for _, c := range pattern {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth--
		case c == '/' && depth > 0:
			return true
		}
	}
	return false
}

func orDot(name string) string {
	if name == "" {
		return "."
	}
	return name
}
