package pytorch

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/effnet/effnet/pkg/weights/state"
)

// legacyMagic is the integer that the first pickle of the old format holds.
const legacyMagic = long("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

// legacyVersion is of the format, since its first day.
const legacyVersion = 1001

// isLegacy tells the old format by its first pickle, of any protocol.
func isLegacy(data []byte) bool {
	return len(data) > 2 && data[0] == opProto && bytes.Contains(data[:min(len(data), magicSize)], []byte(legacyMagic))
}

// parseLegacy reads the format of PyTorch before 1.6: pickles of a magic
// number, a version, the writing machine, the object and the storages' keys,
// then each storage as a count of eight bytes and its elements.
func parseLegacy(c content) (*state.Dict, error) {
	const first, factor = 1 << 20, 8 // bytes for the pickles; L2 has 0.3 MB
	for n := min(first, c.size()); ; n = min(n*factor, c.size()) {
		if !c.lazy() {
			n = c.size()
		}
		head, err := c.slice(0, n, nil)
		if err != nil {
			return nil, err
		}
		d, err := parsePickles(head, c)
		if !errors.Is(err, errEnd) || n == c.size() || n > maxPickle {
			return d, err
		}
	}
}

// parsePickles reads the pickles in head, the start of c, and finds the
// storages behind them.
func parsePickles(head []byte, c content) (*state.Dict, error) {
	storages := map[string]*storage{}
	rest := head
	next := func(persist func(any) (any, error)) (any, error) {
		v, n, err := unpickle(rest, persist)
		if err == nil {
			rest = rest[n:]
		}
		return v, err
	}
	magic, err := next(nil)
	if err != nil {
		return nil, err
	}
	if magic != legacyMagic {
		return nil, state.Refuse("a Python pickle, not PyTorch weights")
	}
	version, err := next(nil)
	if err != nil {
		return nil, err
	}
	if version != int64(legacyVersion) {
		return nil, state.Refuse("version %v of PyTorch's old format is not known", version)
	}
	machine, err := next(nil)
	if err != nil {
		return nil, err
	}
	root, err := next(func(id any) (any, error) {
		s, err := newStorage(id)
		if err != nil {
			return nil, err
		}
		if known, ok := storages[s.key]; ok {
			if known.elem != s.elem || known.numel != s.numel {
				return nil, malformed("storage %s is described twice", state.Quote(s.key))
			}
			return known, nil
		}
		storages[s.key] = s
		return s, nil
	})
	if err != nil {
		return nil, err
	}
	keys, err := next(nil)
	if err != nil {
		return nil, err
	}
	if err := placeStorages(c, int64(len(head)-len(rest)), keys, storages, isBig(machine)); err != nil {
		return nil, err
	}
	return findDict(root, c.lazy())
}

func isBig(machine any) bool {
	d, ok := machine.(*dict)
	return ok && d.get("little_endian") == false
}

// placeStorages gives each storage its part of c from offset on, in the order
// of keys.
func placeStorages(c content, offset int64, keys any, storages map[string]*storage, big bool) error {
	order, ok := keys.(*list)
	if !ok {
		return malformed("no list of storages")
	}
	for _, k := range order.items {
		key, _ := k.(string)
		s, ok := storages[key]
		if !ok || s.open != nil {
			return malformed("storage %s is unknown or listed twice", state.Quote(key))
		}
		const countSize = 8
		if c.size()-offset < countSize {
			return state.Refuse("the file ends before storage %s: truncated", state.Quote(key))
		}
		b, err := c.slice(offset, countSize, nil)
		if err != nil {
			return err
		}
		count := binary.LittleEndian.Uint64(b)
		if big {
			count = binary.BigEndian.Uint64(b)
		}
		if count != uint64(s.numel) {
			return state.Refuse("storage %s has %d elements, the pickle says %d", state.Quote(key), count, s.numel)
		}
		from, size := offset+countSize, int64(s.numel)*int64(s.elem.size)
		if size > c.size()-from {
			return state.Refuse("the file ends inside storage %s: truncated", state.Quote(key))
		}
		s.opens(c, func(buffer []byte) ([]byte, error) {
			b, err := c.slice(from, size, buffer)
			if err == nil && big {
				b = swapped(b, s.elem.size)
			}
			return b, err
		})
		offset = from + size
	}
	for key, s := range storages {
		if s.open == nil {
			return state.Refuse("storage %s is not in the file", state.Quote(key))
		}
	}
	return nil
}
