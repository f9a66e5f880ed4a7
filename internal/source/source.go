// Package source turns what a user names (files, folders, globs, lists, standard
// input) into one lazy stream of inputs, in the order in which they were named.
package source

import (
	"errors"
	"io"
	"iter"
	"os"
	"strings"
)

// MaxBytes is the default cap on the bytes of one input.
const MaxBytes = 1 << 30

// Options say where inputs come from. Args come first, then the names of the list.
type Options struct {
	Args      []string          // files, folders, globs, "-"
	FilesFrom string            // a list of files and folders, "-" for Stdin, "" for none
	NUL       bool              // the list is separated by NUL, not by newline
	Stdin     io.Reader         // read by "-"
	MaxBytes  int64             // 0 = the constant MaxBytes
	Unmatched func(name string) // told of a folder or glob that holds no input; may be nil
}

// Source is a stream of inputs.
type Source struct {
	opts  Options
	list  io.ReadCloser
	stdin bool // standard input is taken
}

// Open checks the options and opens the list, if any. It looks at no input. Its
// errors are mistakes in the options: no input named, or a list that cannot be read.
func Open(o Options) (*Source, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = MaxBytes
	}
	s := &Source{opts: o}
	switch o.FilesFrom {
	case "":
		if len(o.Args) == 0 {
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

// Close releases the list.
func (s *Source) Close() error {
	if s.list == nil {
		return nil
	}
	return s.list.Close()
}

// All yields every input once, in order. Folders are read as the stream comes to
// them. The stream can be walked only once.
func (s *Source) All() iter.Seq[Input] {
	return func(yield func(Input) bool) {
		for _, arg := range s.opts.Args {
			if !s.argument(arg, yield) {
				return
			}
		}
		if s.list != nil {
			s.names(yield)
		}
	}
}

// argument yields the inputs that one argument stands for.
func (s *Source) argument(arg string, yield func(Input) bool) bool {
	if arg == "-" {
		return yield(s.standardInput())
	}
	if _, err := os.Lstat(arg); err != nil && isGlob(arg) {
		return s.counted(arg, yield, func(y func(Input) bool) bool { return s.glob(arg, y) })
	}
	return s.named(arg, yield)
}

// named yields the file called name, or walks the folder called name.
func (s *Source) named(name string, yield func(Input) bool) bool {
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		return s.counted(name, yield, func(y func(Input) bool) bool { return s.folder(name, y) })
	}
	return yield(s.file(name))
}

// counted runs walk and reports name as unmatched if it yielded nothing.
func (s *Source) counted(name string, yield func(Input) bool, walk func(func(Input) bool) bool) bool {
	n := 0
	ok := walk(func(in Input) bool { n++; return yield(in) })
	if n == 0 && s.opts.Unmatched != nil {
		s.opts.Unmatched(name)
	}
	return ok
}

// isGlob tells whether name holds a character that a pattern gives a meaning.
func isGlob(name string) bool { return strings.ContainsAny(name, "*?[{") }
