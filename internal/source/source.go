// Package source turns what a user names (files, folders, globs, archives, lists,
// standard input) into one lazy stream of inputs, in the order in which they were named.
package source

import (
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// MaxBytes is the default cap on the bytes of one input.
const MaxBytes = 1 << 30

// Options say where inputs come from. Args come first, then Names, then those of the list.
type Options struct {
	Args      []string          // files, folders, globs, archives, members of archives, "-"
	Names     []string          // as in Args, but no globs and no standard input
	FilesFrom string            // a list of names as in Args, but no globs; "-" for Stdin, "" for none
	NUL       bool              // the list is separated by NUL, not by newline
	Stdin     io.Reader         // read by "-"
	MaxBytes  int64             // of one input, inflated; 0 = the constant MaxBytes
	Unmatched func(name string) // told of a folder, glob or archive that holds no input; may be nil

	// Include and Exclude are patterns, "**" too, that hold for every input but standard
	// input. One without a slash is matched with the base name, at any depth; one with a
	// slash with the path as typed, and with the path inside the named folder or archive.
	// An excluded folder or archive is not entered; a pattern that ends in a slash
	// excludes folders alone. What is excluded stays so even where it is included too.
	Include, Exclude []string

	Shard Shard // only the inputs of one shard; the zero value: all
}

// Source is a stream of inputs.
type Source struct {
	opts   Options
	filter filter
	list   io.ReadCloser
	stdin  bool // standard input is taken

	limits    limits
	held      atomic.Int64 // bytes of members read ahead
	elsewhere atomic.Int64 // inputs left to other shards
	index     index        // of the archive whose member was named last

	stopped   func() bool // ends the walk early; nil: never
	counting  bool        // no input will be read
	uncounted bool        // an archive was left out of the count
}

// Open checks the options and opens the list, if any. It looks at no input. Its
// errors are mistakes in the options: no input named, a list that cannot be read, a
// malformed pattern, an impossible shard.
func Open(o Options) (*Source, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = MaxBytes
	}
	f, err := newFilter(o.Include, o.Exclude)
	if err != nil {
		return nil, err
	}
	if err := o.Shard.validate(); err != nil {
		return nil, err
	}
	s := &Source{opts: o, filter: f, limits: defaultLimits}
	switch o.FilesFrom {
	case "":
		if len(o.Args) == 0 && len(o.Names) == 0 {
			return nil, errors.New("no input given: name files, folders, globs, or - for standard input")
		}
	case "-":
		s.list, s.stdin = io.NopCloser(o.Stdin), true
	default:
		f, err := os.Open(o.FilesFrom)
		if err != nil {
			return nil, errors.New("--files-from " + quote(o.FilesFrom) + ": " + Reason(err))
		}
		s.list = f
	}
	return s, nil
}

// Close releases the list. Inputs already yielded can still be read.
func (s *Source) Close() error {
	if s.list == nil {
		return nil
	}
	return s.list.Close()
}

// Elsewhere is how many inputs All has left to other shards so far.
func (s *Source) Elsewhere() int { return int(s.elsewhere.Load()) }

// All yields every input of the shard once, in order. Folders and archives are read as
// the stream comes to them. The stream can be walked only once; its inputs may be read
// later, and by several goroutines.
func (s *Source) All() iter.Seq[Input] {
	return func(yield func(Input) bool) {
		own := func(in Input) bool {
			if !in.everywhere && !s.opts.Shard.Holds(in.Path) {
				s.elsewhere.Add(1)
				return true
			}
			return yield(in)
		}
		for _, arg := range s.opts.Args {
			if !s.argument(arg, own) {
				return
			}
		}
		for _, name := range s.opts.Names {
			if s.halted() || !s.named(name, own) {
				return
			}
		}
		if s.list != nil {
			s.names(own)
		}
	}
}

// argument yields the inputs that one argument stands for.
func (s *Source) argument(arg string, yield func(Input) bool) bool {
	if arg == "-" {
		return yield(s.standardInput())
	}
	if _, err := os.Lstat(arg); err == nil || !isGlob(arg) {
		return s.named(arg, yield)
	}
	if a, name := s.splitMember(arg); a != nil {
		return s.member(a, name, yield)
	}
	return s.counted(arg, yield, func(y func(Input) bool) bool { return s.glob(arg, y) })
}

// named yields the file called name, or what the folder or archive of this name holds,
// or the member of an archive.
func (s *Source) named(name string, yield func(Input) bool) bool {
	info, err := os.Stat(name)
	if err != nil {
		if a, member := s.splitMember(name); a != nil {
			return s.member(a, member, yield)
		}
	}
	folder := err == nil && info.IsDir()
	if !s.filter.container(name, filepath.ToSlash(name), folder) {
		return true
	}
	if folder {
		return s.counted(name, yield, func(y func(Input) bool) bool { return s.folder(name, y) })
	}
	if a := s.archive(name); a != nil {
		return s.counted(name, yield, func(y func(Input) bool) bool { return s.members(a, y) })
	}
	if !s.filter.file(name, filepath.ToSlash(name)) {
		return true
	}
	return yield(s.file(name))
}

// counted runs walk and reports name as unmatched if it yielded nothing.
func (s *Source) counted(name string, yield func(Input) bool, walk func(func(Input) bool) bool) bool {
	n := 0
	ok := walk(func(in Input) bool { n++; return yield(in) })
	if n == 0 && ok && s.opts.Unmatched != nil {
		s.opts.Unmatched(name)
	}
	return ok
}

func (s *Source) halted() bool { return s.stopped != nil && s.stopped() }

// isGlob tells whether name holds a character that a pattern gives a meaning.
func isGlob(name string) bool { return strings.ContainsAny(name, "*?[{") }
