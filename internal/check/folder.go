package check

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

const maxUnknown = 100 // folder names that are kept to be told of

// Folders is a judge that takes the name of the folder that holds a picture for
// its label, a group or WordNet id too. A picture in a folder of another name
// fails the rule expect, and the folder is named by Err.
type Folders struct {
	base   Rules
	labels []weights.Label

	mu      sync.Mutex
	known   map[string]*fixed
	unknown []string // in the order in which they were met, maxUnknown at most
	more    bool     // there were others
}

// NewFolders makes the judge; base has the rules besides Expect, which must be empty.
func NewFolders(base Rules, labels []weights.Label) (*Folders, error) {
	if len(base.Expect) > 0 {
		return nil, usage("a label is expected by name and by the folder: give one of them")
	}
	f := &Folders{base: base, labels: labels, known: map[string]*fixed{}}
	base.Expect = []string{"0"}
	if _, err := compile(base, labels); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *Folders) Verdict(path string, r *classify.Result) Verdict {
	name := folderOf(path)
	rules, ok := f.rules(name)
	if !ok {
		return verdict([]Result{{Rule: Expect, Want: name, Got: "no such label"}})
	}
	return rules.Verdict(path, r)
}

// folderOf is the name of the folder that holds path, in an archive too: the
// folder of photos.zip!tabby/a.jpg is tabby. Standard input has none.
func folderOf(path string) string {
	if path == "-" {
		return ""
	}
	name := filepath.Base(filepath.Dir(place(path)))
	for _, archive := range []string{".zip!", ".tar!", ".tar.gz!", ".tgz!"} {
		if i := strings.LastIndex(strings.ToLower(name), archive); i >= 0 {
			return name[i+len(archive):]
		}
	}
	return name
}

func (f *Folders) rules(name string) (*fixed, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if rules, ok := f.known[name]; ok {
		return rules, true
	}
	if slices.Contains(f.unknown, name) {
		return nil, false
	}
	if _, ok := lookup(name, f.labels); ok {
		base := f.base
		base.Expect = []string{name}
		if rules, err := compile(base, f.labels); err == nil {
			f.known[name] = rules
			return rules, true
		}
	}
	if f.more = f.more || len(f.unknown) == maxUnknown; !f.more {
		f.unknown = append(f.unknown, name)
	}
	return nil, false
}

// Meet does nothing: no picture is missed.
func (f *Folders) Meet(string) {}

// Unseen lists nothing.
func (f *Folders) Unseen() []string { return nil }

// Err tells of the folders whose names are no label, in a *classify.UsageError
// with the near matches of the first; nil where every name was one. It is
// complete when all pictures have been judged.
func (f *Folders) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.unknown) == 0 {
		return nil
	}
	_, err := resolve(f.unknown[0], f.labels)
	first, ok := err.(*classify.UsageError)
	if !ok {
		return err
	}
	msg := "folders whose name is no label: "
	if len(f.unknown) == 1 {
		msg = "a folder whose name is no label: "
	}
	const shown = 5
	quoted := make([]string, 0, shown)
	for _, name := range f.unknown[:min(shown, len(f.unknown))] {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	msg += strings.Join(quoted, ", ")
	switch rest := len(f.unknown) - len(quoted); {
	case f.more:
		msg += fmt.Sprintf(" and more than %d others", rest)
	case rest > 0:
		msg += fmt.Sprintf(" and %d more", rest)
	}
	return &classify.UsageError{Msg: msg, Near: first.Near}
}
