package onnx

import "github.com/effnet/effnet/pkg/weights/state"

// constant is a value that does not depend on the picture: weights, and what
// the graph computes of shapes. One of floats and ints holds its elements,
// row-major; the others are loaded from the file when they are asked for.
type constant struct {
	shape  []int
	float  bool
	file   *tensor
	floats []float32
	ints   []int64
}

func fromTensor(t *tensor) *constant {
	_, float := floatTypes[t.typ]
	return &constant{shape: t.shape, float: float, file: t}
}

func vectorOf(values ...int64) *constant {
	return &constant{shape: []int{len(values)}, ints: values}
}

func refuseType(t *tensor) error {
	return state.Refuse("tensor %s has the element type %d, expected floats or integers", state.Quote(t.name), t.typ)
}

// len is the number of elements.
func (c *constant) len() int {
	n, _ := product(c.shape)
	return n
}

// load makes the elements ready.
func (c *constant) load() (err error) {
	switch {
	case c.file == nil || c.floats != nil || c.ints != nil:
	case c.float:
		c.floats, err = c.file.floats()
	case integerSizes[c.file.typ] > 0:
		c.ints, err = c.file.integers()
	default:
		err = refuseType(c.file)
	}
	return err
}

// at is an element of a loaded constant as a number.
func (c *constant) at(i int) float64 {
	if c.float {
		return float64(c.floats[i])
	}
	return float64(c.ints[i])
}

// result makes a constant of a shape, its elements still zero.
func (w *walk) result(n *node, shape []int, float bool) (*constant, error) {
	size, ok := product(shape)
	if !ok || len(shape) > maxRank {
		return nil, n.refuse("its result of shape %v is too large", shape)
	}
	if err := w.charge(n, size); err != nil {
		return nil, err
	}
	c := &constant{shape: shape, float: float}
	if float {
		c.floats = make([]float32, size)
	} else {
		c.ints = make([]int64, size)
	}
	return c, nil
}

// set stores a number computed in float64.
func (c *constant) set(i int, v float64) {
	if c.float {
		c.floats[i] = float32(v)
	} else {
		c.ints[i] = int64(v)
	}
}

// strided copies elements of c to a constant of another shape: element
// (i, j, …) is the one at base + i·strides[0] + j·strides[1] + … of c. It
// serves transposition, slices and broadcasting.
func (w *walk) strided(n *node, c *constant, shape []int, base int, strides []int) (*constant, error) {
	if err := c.load(); err != nil {
		return nil, err
	}
	out, err := w.result(n, shape, c.float)
	if err != nil {
		return nil, err
	}
	index := make([]int, len(shape))
	at := base
	for i := range out.len() {
		if c.float {
			out.floats[i] = c.floats[at]
		} else {
			out.ints[i] = c.ints[at]
		}
		for d := len(shape) - 1; d >= 0; d-- {
			index[d]++
			at += strides[d]
			if index[d] < shape[d] {
				break
			}
			at -= shape[d] * strides[d]
			index[d] = 0
		}
	}
	return out, nil
}

// strides of a row-major array.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	step := 1
	for d := len(shape) - 1; d >= 0; d-- {
		s[d] = step
		step *= max(shape[d], 1)
	}
	return s
}

// broadcast repeats c to a shape that numpy's rules allow.
func (w *walk) broadcast(n *node, c *constant, shape []int) (*constant, error) {
	lead := len(shape) - len(c.shape)
	if lead < 0 {
		return nil, n.refuse("shape %v does not broadcast to %v", c.shape, shape)
	}
	steps := make([]int, len(shape))
	own := strides(c.shape)
	same := lead == 0
	for d, size := range c.shape {
		switch {
		case size == shape[lead+d]:
			steps[lead+d] = own[d]
		case size == 1:
			same = false
		default:
			return nil, n.refuse("shape %v does not broadcast to %v", c.shape, shape)
		}
	}
	if same {
		return c, c.load()
	}
	return w.strided(n, c, shape, 0, steps)
}

// common is the shape that two shapes broadcast to.
func common(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	shape := append([]int(nil), a...)
	lead := len(a) - len(b)
	for d, size := range b {
		if shape[lead+d] == 1 {
			shape[lead+d] = size
		}
	}
	return shape
}

// reshaped is c with another shape of as many elements.
func (c *constant) reshaped(shape []int) (*constant, error) {
	if err := c.load(); err != nil {
		return nil, err
	}
	return &constant{shape: shape, float: c.float, floats: c.floats, ints: c.ints}, nil
}
