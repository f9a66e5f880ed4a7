package check

import (
	"errors"
	"path/filepath"
	"sync/atomic"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

const maxRulesFile = 1 << 20 // bytes

// RulesFile says what the pictures show whose paths match a pattern.
type RulesFile struct {
	name    string // of the file
	every   bool   // all entries that match count, not the first alone
	lenient bool   // a picture that no entry matches passes
	entries []entry
}

// entry is an item of the list "rules".
type entry struct {
	name     string
	line     int
	patterns []pattern
	rules    Rules
}

// ReadRules reads a rules file, YAML of the form that RulesSchema gives, at
// most 1 MiB. Patterns are relative to the file's folder. Whatever is wrong
// with it is a *classify.UsageError that names the line.
func ReadRules(path string) (*RulesFile, error) {
	data, err := readFile(path, maxRulesFile)
	if err != nil {
		return nil, err
	}
	return parseRules(path, data)
}

func parseRules(path string, data []byte) (*RulesFile, error) {
	root, err := document(data)
	if err != nil {
		return nil, inFile(path, lineOf(err), err)
	}
	folder := filepath.Dir(place(path))
	f := &RulesFile{name: path}
	if err := f.read(root, folder); err != nil {
		return nil, inFile(path, lineOf(err), err)
	}
	return f, nil
}

// Folder is where the patterns of the file begin.
func (f *RulesFile) Folder() string { return filepath.Dir(f.name) }

// Matches tells whether an entry is about the picture at path.
func (f *RulesFile) Matches(path string) bool {
	at := place(path)
	for i := range f.entries {
		if f.entries[i].matches(at) {
			return true
		}
	}
	return false
}

// Compile makes a judge that holds each picture to the entries that match its
// path, and to base in what they leave open. A picture that none matches fails
// the rule "rules", unless the file says "unmatched: pass".
func (f *RulesFile) Compile(base Rules, labels []weights.Label) (*Matching, error) {
	m := &Matching{file: f, rules: make([]*fixed, len(f.entries))}
	for i, e := range f.entries {
		var err error
		if m.rules[i], err = compile(base.under(e.rules), labels); err != nil {
			return nil, inFile(f.name, e.line, err)
		}
		m.rules[i].name = e.name
	}
	return m, nil
}

// Matching is a judge by a rules file.
type Matching struct {
	file      *RulesFile
	rules     []*fixed // [entries]
	unmatched atomic.Int64
}

func (m *Matching) Verdict(path string, r *classify.Result) Verdict {
	at := place(path)
	v := Verdict{Passed: true}
	matched := false
	for i := range m.rules {
		if !m.file.entries[i].matches(at) {
			continue
		}
		one := m.rules[i].Verdict(path, r)
		if !m.file.every {
			return one
		}
		matched = true
		v.Passed = v.Passed && one.Passed
		v.Results = append(v.Results, one.Results...)
	}
	if matched {
		return v
	}
	m.unmatched.Add(1)
	if m.file.lenient {
		return v
	}
	return verdict([]Result{{Rule: Matched, Want: "a rule that matches", Got: "none"}})
}

func (e *entry) matches(at string) bool {
	for i := range e.patterns {
		if e.patterns[i].matches(at) {
			return true
		}
	}
	return false
}

// Unmatched is the number of pictures that no entry matched so far.
func (m *Matching) Unmatched() int { return int(m.unmatched.Load()) }

// Meet does nothing: no picture is missed.
func (m *Matching) Meet(string) {}

// Unseen lists nothing.
func (m *Matching) Unseen() []string { return nil }

// lineError is what is wrong in a line of a file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }

func (e *lineError) Unwrap() error { return e.err }

func lineOf(err error) int {
	var l *lineError
	if errors.As(err, &l) {
		return l.line
	}
	return 0
}
