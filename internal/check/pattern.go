package check

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// The work of matching grows with the alternatives of every brace.
const maxPattern, maxBraces = 1024, 4

// pattern is a glob: "*" and "?" within a name, "**" for any folders, "[a-z]",
// "{jpg,png}".
type pattern struct {
	base string // absolute folder of everything that it can match
	rest string // relative to base, with slashes
}

// newPattern reads a pattern with slashes, relative to folder.
func newPattern(text, folder string) (pattern, error) {
	switch {
	case text == "":
		return pattern{}, fmt.Errorf("an empty pattern")
	case len(text) > maxPattern || strings.Count(text, "{") > maxBraces:
		return pattern{}, fmt.Errorf("the pattern has more than %d bytes or %d braces", maxPattern, maxBraces)
	case !doublestar.ValidatePattern(text):
		return pattern{}, fmt.Errorf("malformed pattern %q", text)
	}
	base, rest := doublestar.SplitPattern(text)
	if rest == "" {
		return pattern{}, fmt.Errorf("the pattern %q is a folder: write %q", text, text+"**")
	}
	for part := range strings.SplitSeq(rest, "/") {
		if part == ".." || part == "." {
			return pattern{}, fmt.Errorf("%q after a wildcard in the pattern %q", part, text)
		}
	}
	base = filepath.FromSlash(base)
	if !filepath.IsAbs(base) {
		base = filepath.Join(folder, base)
	}
	return pattern{filepath.Clean(base), rest}, nil
}

// matches takes a path as place gives it.
func (p *pattern) matches(at string) bool {
	rel, ok := strings.CutPrefix(at, p.base)
	if !ok {
		return false
	}
	if below, cut := strings.CutPrefix(rel, string(filepath.Separator)); cut {
		rel = below
	} else if !strings.HasSuffix(p.base, string(filepath.Separator)) {
		return false
	}
	return doublestar.MatchUnvalidated(p.rest, filepath.ToSlash(rel))
}
