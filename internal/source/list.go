package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
)

// maxName bounds one name of a list, in bytes.
const maxName = 64 << 10

// names yields the inputs that the list names. Names are literal, never globs.
func (s *Source) names(yield func(Input) bool) bool {
	sc := bufio.NewScanner(s.list)
	sc.Buffer(nil, maxName)
	if s.opts.NUL {
		sc.Split(splitNUL)
	}
	for !s.halted() && sc.Scan() {
		name := sc.Text()
		switch {
		case name == "":
			continue
		case name == "-":
			if !yield(s.standardInput()) {
				return false
			}
		case !s.named(name, yield):
			return false
		}
	}
	if err := sc.Err(); err != nil {
		in := failed(s.opts.FilesFrom, listError(err))
		in.everywhere = true // every shard misses what the list would have named
		return yield(in)
	}
	return true
}

func listError(err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		return &Error{Msg: fmt.Sprintf("a name in the list is longer than %d bytes", maxName), Err: err}
	}
	return readError(err)
}

func splitNUL(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
