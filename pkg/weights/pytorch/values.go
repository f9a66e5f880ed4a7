package pytorch

// What the machine makes of a pickle: nil, bool, int64, float64, string, and
// the types below.
type (
	// long is an integer beyond 64 bits, little-endian two's complement.
	long string
	// raw is a bytes object or a Python 2 string.
	raw string
	// tuple cannot change once it is made.
	tuple []any
	// list may hold itself.
	list struct{ items []any }
	// opaque is an object whose contents nobody needs.
	opaque struct{ class string }
	// mark is pushed by MARK.
	mark struct{}
)

// dict keeps the order in which keys were first set. It may hold itself.
type dict struct {
	keys, values []any
	index        map[any]int // of keys that are strings or integers
}

func newDict() *dict { return &dict{} }

func (d *dict) set(key, value any) {
	switch key.(type) {
	case string, int64:
	default: // tuples and the like: nothing looks them up
		d.keys, d.values = append(d.keys, key), append(d.values, value)
		return
	}
	if i, ok := d.index[key]; ok {
		d.values[i] = value
		return
	}
	if d.index == nil {
		d.index = map[any]int{}
	}
	d.index[key] = len(d.keys)
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

func (d *dict) get(key string) any {
	if i, ok := d.index[key]; ok {
		return d.values[i]
	}
	return nil
}
