package source

import (
	"path/filepath"
	"slices"
	"strings"
)

// index is the files of one archive, sorted, for names that follow each other in a list.
type index struct {
	archive *archive
	members []member
}

// splitMember cuts "archive!member" at the first "!" whose left side is an archive. It
// gives nil where there is none.
func (s *Source) splitMember(path string) (*archive, string) {
	for i := range len(path) {
		if path[i] != '!' || i == 0 || i == len(path)-1 {
			continue
		}
		if a := s.archive(path[:i]); a != nil {
			return a, path[i+1:]
		}
	}
	return nil, ""
}

// member yields the first member of this name, whatever its extension. A compressed
// tar is read up to it.
func (s *Source) member(a *archive, typed string, yield func(Input) bool) bool {
	name, path := label(typed), a.path+"!"+typed
	if !s.filter.container(a.path, filepath.ToSlash(a.path), false) || !s.filter.member(a.path+"!", name) {
		return true
	}
	prefix := strings.TrimSuffix(path, name)
	if a.kind == gzipped {
		return s.streamed(a, prefix, name, yield)
	}
	a, members, err := s.indexed(a)
	i, _ := slices.BinarySearchFunc(members, member{name: name, at: -1}, compareMembers)
	if i < len(members) && members[i].name == name {
		return yield(s.memberInput(a, prefix, members[i]))
	}
	if err == nil {
		err = errNoMember
	}
	return yield(failed(path, err))
}

// streamed yields the first member called name of a compressed tar.
func (s *Source) streamed(a *archive, prefix, name string, yield func(Input) bool) bool {
	found, ok := false, true
	s.stream(a, prefix, func(n string) bool { return n == name }, func(in Input) bool {
		found, ok = true, yield(in)
		return false
	})
	if found || s.counting {
		return ok && !s.counting
	}
	return yield(failed(prefix+name, errNoMember))
}

var errNoMember = &Error{Msg: "no such file in the archive"}

// indexed lists all files of an archive, anew where it is another than the last one.
func (s *Source) indexed(a *archive) (*archive, []member, error) {
	last := s.index.archive
	if last != nil && last.path == a.path && sameFile(last.info, a.info) {
		return last, s.index.members, nil
	}
	s.index = index{}
	members, err := s.directory(a, func(string) bool { return true })
	if err == nil {
		s.index = index{a, members}
	}
	return a, members, err
}
