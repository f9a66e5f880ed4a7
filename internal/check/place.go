package check

import (
	"path/filepath"
	"sync/atomic"
)

// place is a path in the form in which paths are compared: absolute and
// cleaned, with links as they are. Standard input stays "-".
func place(path string) string {
	if path == "-" {
		return path
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// places numbers paths and remembers which were met.
type places struct {
	paths []string // as the file that lists them says
	index map[string]int
	met   []atomic.Bool // [paths], once all are there
}

// add enters a path; where it is there already, before is its number.
func (p *places) add(path string) (before int, twice bool) {
	if p.index == nil {
		p.index = map[string]int{}
	}
	key := place(path)
	if i, ok := p.index[key]; ok {
		return i, true
	}
	p.index[key] = len(p.paths)
	p.paths = append(p.paths, path)
	return 0, false
}

// complete gives the same places, none of them met.
func (p *places) complete() *places {
	return &places{paths: p.paths, index: p.index, met: make([]atomic.Bool, len(p.paths))}
}

// find gives the number of a path and notes that it was met.
func (p *places) find(path string) (int, bool) {
	i, ok := p.index[place(path)]
	if ok {
		p.met[i].Store(true)
	}
	return i, ok
}

func (p *places) Meet(path string) { p.find(path) }

func (p *places) Unseen() []string {
	var unseen []string
	for i, path := range p.paths {
		if !p.met[i].Load() {
			unseen = append(unseen, path)
		}
	}
	return unseen
}
