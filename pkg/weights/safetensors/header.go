package safetensors

import (
	"math"
	"strings"
)

// parseHeader reads the header's fixed grammar: an object of tensors, each an
// object of dtype, shape and data_offsets, beside the metadata's object of
// strings. Nothing in it can nest deeper.
func parseHeader(header string) ([]entry, map[string]string, error) {
	// The least entry, "":{"dtype":"","shape":[],"data_offsets":[0,0]}, bounds
	// the number of tensors by the header's length.
	const leastEntry = 48
	s := &scanner{text: header}
	entries := make([]entry, 0, min(len(header)/leastEntry, 512))
	var metadata map[string]string
	err := s.object(func(key string) error {
		if key == metadataKey {
			if metadata != nil {
				return refuse("%s is given twice", metadataKey)
			}
			var err error
			metadata, err = s.stringMap()
			return err
		}
		if len(entries) == MaxTensors {
			return refuse("more than %d tensors", MaxTensors)
		}
		e, err := s.entry(key)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	s.space()
	if s.at != len(s.text) {
		return nil, nil, s.fail("text after the closing brace")
	}
	return entries, metadata, nil
}

// entry reads one tensor's object.
func (s *scanner) entry(name string) (entry, error) {
	const dtype, shape, offsets = 1, 2, 4
	e := entry{name: name}
	seen := 0
	once := func(field int) error {
		if seen&field != 0 {
			return refuse("tensor %s: a field is given twice", quote(name))
		}
		seen |= field
		return nil
	}
	err := s.object(func(key string) error {
		switch key {
		case "dtype":
			text, err := s.string()
			e.dtype = DType(text)
			return first(err, once(dtype))
		case "shape":
			dims, err := s.integers(name, MaxRank)
			e.shape = make([]int, len(dims))
			for i, d := range dims {
				if d > math.MaxInt {
					return refuse("tensor %s: dimension %d is too large", quote(name), d)
				}
				e.shape[i] = int(d)
			}
			return first(err, once(shape))
		case "data_offsets":
			ends, err := s.integers(name, 2)
			if err == nil && len(ends) != 2 {
				return refuse("tensor %s: data_offsets has %d numbers, not 2", quote(name), len(ends))
			}
			if err == nil {
				e.begin, e.end = ends[0], ends[1]
			}
			return first(err, once(offsets))
		}
		return refuse("tensor %s: unknown field %s", quote(name), quote(key))
	})
	if err != nil {
		return e, err
	}
	for i, field := range []string{"dtype", "shape", "data_offsets"} {
		if seen&(1<<i) == 0 {
			return e, refuse("tensor %s: no %s", quote(name), field)
		}
	}
	return e, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// stringMap reads an object of strings.
func (s *scanner) stringMap() (map[string]string, error) {
	m := map[string]string{}
	err := s.object(func(key string) error {
		if _, twice := m[key]; twice {
			return refuse("metadata %s is given twice", quote(key))
		}
		if len(m) == MaxMetadata {
			return refuse("more than %d keys of metadata", MaxMetadata)
		}
		value, err := s.string()
		m[key] = value
		return err
	})
	return m, err
}

// integers reads an array of at most most integers from 0 to 2^64-1.
func (s *scanner) integers(name string, most int) ([]uint64, error) {
	if err := s.expect('['); err != nil {
		return nil, err
	}
	list := make([]uint64, 0, 4)
	if s.accept(']') {
		return list, nil
	}
	for {
		if len(list) == most {
			return nil, refuse("tensor %s: a list of more than %d numbers", quote(name), most)
		}
		n, err := s.integer(name)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if s.accept(']') {
			return list, nil
		}
		if err := s.expect(','); err != nil {
			return nil, err
		}
	}
}

// integer reads one integer, refusing signs, fractions and exponents.
func (s *scanner) integer(name string) (uint64, error) {
	s.space()
	start := s.at
	for s.at < len(s.text) && strings.IndexByte("+-.0123456789eE", s.text[s.at]) >= 0 {
		s.at++
	}
	digits := s.text[start:s.at]
	if digits == "" {
		return 0, s.fail("expected a number")
	}
	var n uint64
	for i := range len(digits) {
		d := uint64(digits[i]) - '0'
		switch {
		case d > 9 || i == 1 && digits[0] == '0':
			return 0, refuse("tensor %s: %s is not a whole number from 0", quote(name), quote(digits))
		case n > (math.MaxUint64-d)/10:
			return 0, refuse("tensor %s: %s is too large", quote(name), quote(digits))
		}
		n = n*10 + d
	}
	return n, nil
}
