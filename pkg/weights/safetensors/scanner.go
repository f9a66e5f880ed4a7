package safetensors

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks over JSON text that is known to be valid UTF-8. It is a
// fraction of encoding/json's work: the header of the embedded model carries
// its labels and is read at every start.
type scanner struct {
	text string
	at   int
}

func (s *scanner) fail(what string) error {
	if s.at >= len(s.text) {
		return refuse("header: ends early: %s", what)
	}
	return refuse("header, byte %d: %s", s.at, what)
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) accept(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) expect(c byte) error {
	if s.accept(c) {
		return nil
	}
	return s.fail("expected " + string(rune(c)))
}

// object reads an object; member reads the value of each key.
func (s *scanner) object(member func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.accept('}') {
		return nil
	}
	for {
		key, err := s.string()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		if s.accept('}') {
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// string reads a string; without escapes it is a part of the text itself.
func (s *scanner) string() (string, error) {
	if !s.accept('"') {
		return "", s.fail("expected a string")
	}
	run, err := s.plain()
	if err != nil {
		return "", err
	}
	if s.text[s.at] == '"' {
		s.at++
		return run, nil
	}
	var b strings.Builder
	for {
		b.WriteString(run)
		if s.text[s.at] == '"' {
			s.at++
			return b.String(), nil
		}
		r, err := s.escape()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		if run, err = s.plain(); err != nil {
			return "", err
		}
	}
}

// plain reads up to a quotation mark or a backslash.
func (s *scanner) plain() (string, error) {
	for i := s.at; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"' || c == '\\':
			run := s.text[s.at:i]
			s.at = i
			return run, nil
		case c < ' ':
			s.at = i
			return "", s.fail("control character in a string")
		}
	}
	s.at = len(s.text)
	return "", s.fail("string without an end")
}

// escape reads what starts with a backslash.
func (s *scanner) escape() (rune, error) {
	if s.at+1 >= len(s.text) {
		s.at = len(s.text)
		return 0, s.fail("string without an end")
	}
	c := s.text[s.at+1]
	if c == 'u' {
		return s.unicode()
	}
	const names, values = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	i := strings.IndexByte(names, c)
	if i < 0 {
		return 0, s.fail("unknown escape")
	}
	s.at += 2
	return rune(values[i]), nil
}

// unicode reads \uXXXX, or two of them for a surrogate pair.
func (s *scanner) unicode() (rune, error) {
	r, ok := s.hex(s.at)
	if !ok {
		return 0, s.fail("malformed \\u escape")
	}
	length := len(`\uXXXX`)
	if utf16.IsSurrogate(r) {
		low, _ := s.hex(s.at + length)
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return 0, s.fail("half of a surrogate pair")
		}
		length *= 2
	}
	s.at += length
	return r, nil
}

// hex reads the four digits of the \uXXXX at i.
func (s *scanner) hex(i int) (rune, bool) {
	if len(s.text)-i < len(`\uXXXX`) || s.text[i] != '\\' || s.text[i+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s.text[i+2:i+6], 16, 16)
	return rune(n), err == nil
}
