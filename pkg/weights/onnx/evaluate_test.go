package onnx

import (
	"slices"
	"testing"
)

// What numpy computes for the same.
func TestEvaluators(t *testing.T) {
	i := func(shape []int, values ...int64) *constant { return &constant{shape: shape, ints: values} }
	fl := func(shape []int, values ...float32) *constant {
		return &constant{shape: shape, float: true, floats: values}
	}
	list := func(values ...int64) *constant { return vectorOf(values...) }
	six := i([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	for _, c := range []struct {
		op         string
		attributes []attribute
		in         []*constant
		want       *constant
	}{
		{"Slice", nil, []*constant{list(0, 1, 2, 3, 4, 5), list(1), list(5), list(0), list(2)}, list(1, 3)},
		{"Slice", nil, []*constant{list(0, 1, 2, 3, 4, 5), list(-1), list(-1 << 62), list(0), list(-2)}, list(5, 3, 1)},
		{"Slice", nil, []*constant{list(0, 1, 2, 3, 4, 5), list(-99), list(99)}, list(0, 1, 2, 3, 4, 5)},
		{"Slice", nil, []*constant{list(0, 1, 2), list(2), list(1)}, list()},
		{"Slice", nil, []*constant{list(0, 1, 2), list(-9), list(0), list(0), list(-1)}, list()},
		{"Slice", nil, []*constant{six, list(-1), list(1 << 62), list(1)}, i([]int{2, 1}, 3, 6)},
		{"Slice", nil, []*constant{six, list(1, 0), list(2, 2), list(0, 1)}, i([]int{1, 2}, 4, 5)},
		{"Slice", []attribute{ints("starts", 1), ints("ends", 2), ints("axes", 0)}, []*constant{six}, i([]int{1, 3}, 4, 5, 6)},
		{"Gather", nil, []*constant{list(7, 8, 9), list(2, -3)}, list(9, 7)},
		{"Gather", nil, []*constant{list(7, 8, 9), i(nil, -1)}, i(nil, 9)},
		{"Gather", []attribute{integer("axis", 1)}, []*constant{six, i(nil, 1)}, list(2, 5)},
		{"Concat", []attribute{integer("axis", -1)}, []*constant{six, i([]int{2, 1}, 7, 8)}, i([]int{2, 4}, 1, 2, 3, 7, 4, 5, 6, 8)},
		{"Concat", []attribute{integer("axis", 0)}, []*constant{fl([]int{1}, 0.5), fl([]int{0})}, fl([]int{1}, 0.5)},
		{"Transpose", nil, []*constant{six}, i([]int{3, 2}, 1, 4, 2, 5, 3, 6)},
		{"Transpose", []attribute{ints("perm", 1, 0, 2)}, []*constant{i([]int{2, 1, 3}, 1, 2, 3, 4, 5, 6)}, i([]int{1, 2, 3}, 1, 2, 3, 4, 5, 6)},
		{"Reshape", nil, []*constant{six, list(0, -1, 1)}, i([]int{2, 3, 1}, 1, 2, 3, 4, 5, 6)},
		{"Reshape", []attribute{integer("allowzero", 1)}, []*constant{list(), list(0, 4)}, i([]int{0, 4})},
		{"Unsqueeze", nil, []*constant{list(1, 2), list(-1, 0)}, i([]int{1, 2, 1}, 1, 2)},
		{"Unsqueeze", []attribute{ints("axes", 0)}, []*constant{i(nil, 3)}, list(3)},
		{"Squeeze", nil, []*constant{i([]int{1, 2, 1}, 1, 2), list(0)}, i([]int{2, 1}, 1, 2)},
		{"Squeeze", nil, []*constant{i([]int{1, 2, 1}, 1, 2)}, list(1, 2)},
		{"Expand", nil, []*constant{i([]int{2, 1}, 1, 2), list(2)}, i([]int{2, 2}, 1, 1, 2, 2)},
		{"Expand", nil, []*constant{list(3), list(1)}, list(3)},
		{"Add", nil, []*constant{i([]int{2, 1}, 10, 20), list(1, 2, 3)}, i([]int{2, 3}, 11, 12, 13, 21, 22, 23)},
		{"Div", nil, []*constant{list(-7, 7, 1), list(2, 2, 0)}, list(-3, 3, 0)},
		{"Div", nil, []*constant{fl([]int{1}, 1), fl(nil, 3)}, fl([]int{1}, 1./3)},
		{"Pow", nil, []*constant{fl(nil, 3), fl(nil, 2)}, fl(nil, 9)},
		{"Sub", nil, []*constant{list(1), list(3)}, list(-2)},
		{"Max", nil, []*constant{list(1, 5), list(3)}, list(3, 5)},
		{"Ceil", nil, []*constant{fl([]int{2}, 1.25, -1.5)}, fl([]int{2}, 2, -1)},
		{"Sqrt", nil, []*constant{fl(nil, 9)}, fl(nil, 3)},
		{"Reciprocal", nil, []*constant{fl(nil, 4)}, fl(nil, 0.25)},
		{"Clip", nil, []*constant{fl([]int{3}, -2, 0.5, 9), fl(nil, 0), fl(nil, 1)}, fl([]int{3}, 0, 0.5, 1)},
		{"Clip", nil, []*constant{list(-2, 9), nil, i(nil, 3)}, list(-2, 3)},
		{"Cast", []attribute{integer("to", int64(typeInt64))}, []*constant{fl([]int{2}, 1.9, -1.9)}, list(1, -1)},
		{"Cast", []attribute{integer("to", int64(typeFloat))}, []*constant{list(3)}, fl([]int{1}, 3)},
		{"CastLike", nil, []*constant{list(3), fl(nil, 0)}, fl([]int{1}, 3)},
		{"Shape", []attribute{integer("start", -2)}, []*constant{i([]int{2, 3, 1}, 1, 2, 3, 4, 5, 6)}, list(3, 1)},
		{"Range", nil, []*constant{i(nil, 1), i(nil, 8), i(nil, 3)}, list(1, 4, 7)},
		{"Range", nil, []*constant{i(nil, 3), i(nil, 0), i(nil, -1)}, list(3, 2, 1)},
		{"Range", nil, []*constant{i(nil, 3), i(nil, 3), i(nil, 1)}, list()},
		{"ConstantOfShape", nil, []*constant{list(2)}, fl([]int{2}, 0, 0)},
		{"Constant", []attribute{float("value_float", 2)}, nil, fl(nil, 2)},
		{"Constant", []attribute{integer("value_int", 2)}, nil, i(nil, 2)},
		{"Constant", []attribute{ints("value_ints", 1, 2)}, nil, list(1, 2)},
		{"Constant", []attribute{{name: "value_floats", floats: []byte{0, 0, 0, 0x40}}}, nil, fl([]int{1}, 2)},
	} {
		got, err := evaluate(c.op, c.attributes, c.in)
		if err != nil {
			t.Errorf("%s: %v", c.op, err)
			continue
		}
		if err := got.load(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.shape, c.want.shape) || got.float != c.want.float ||
			!slices.Equal(got.floats, c.want.floats) || !slices.Equal(got.ints, c.want.ints) {
			t.Errorf("%s %v: %v %v %v, want %v %v %v", c.op, c.attributes, got.shape, got.floats, got.ints, c.want.shape, c.want.floats, c.want.ints)
		}
	}
}

func evaluate(op string, attributes []attribute, in []*constant) (*constant, error) {
	n := newNode(op, nil, "out", attributes...)
	return evaluators[op](&walk{budget: 1000}, n, arguments{n, in})
}

func TestEvaluatorsRefuse(t *testing.T) {
	list := func(values ...int64) *constant { return vectorOf(values...) }
	half := &constant{shape: []int{1}, float: true, floats: []float32{0.5}}
	square := &constant{shape: []int{2, 2}, ints: []int64{1, 2, 3, 4}}
	for _, c := range []struct {
		op         string
		attributes []attribute
		in         []*constant
		want       string
	}{
		{"Slice", nil, []*constant{list(1), list(0), list(1, 2)}, "do not fit together"},
		{"Slice", nil, []*constant{list(1), list(0), list(1), list(0), list(0)}, "with the step 0"},
		{"Slice", nil, []*constant{list(1), list(0, 0), list(1, 1), list(0, 0)}, "slices axis 0 twice"},
		{"Slice", nil, []*constant{list(1), list(0), list(1), list(5)}, "no axis 5"},
		{"Gather", nil, []*constant{list(1), list(3)}, "no axis 3"},
		{"Gather", nil, []*constant{list(1), half}, "its indices"},
		{"Gather", nil, []*constant{square, list(1)}, "a list of rows"},
		{"Gather", nil, []*constant{list(1)}, "input 1 is missing"},
		{"Concat", nil, []*constant{list(1), half}, "do not fit together"},
		{"Concat", nil, []*constant{square, list(1)}, "do not fit together"},
		{"Concat", nil, nil, "input 0 is missing"},
		{"Transpose", []attribute{ints("perm", 0)}, []*constant{square}, "perm [0] for 2"},
		{"Transpose", []attribute{ints("perm", 0, 2)}, []*constant{square}, "no axis 2"},
		{"Reshape", nil, []*constant{square, list(3, -1)}, "does not reshape"},
		{"Reshape", nil, []*constant{square, list(-1, -1)}, "does not reshape"},
		{"Reshape", nil, []*constant{square, list(1<<40, 1<<40)}, "does not reshape"},
		{"Reshape", nil, []*constant{square, list(1, 1, 1, 1, 1, 1, 1, 1, 4)}, "does not reshape"},
		{"Reshape", nil, []*constant{square, half}, "not a list of integers"},
		{"Unsqueeze", nil, []*constant{list(1), list(0, 0)}, "given twice"},
		{"Unsqueeze", nil, []*constant{list(1), list(0, 1, 2, 3, 4, 5, 6, 7)}, "more than 8 dimensions"},
		{"Squeeze", nil, []*constant{list(1, 2), list(0)}, "is not 1"},
		{"Expand", nil, []*constant{list(1, 2), list(3)}, "does not broadcast"},
		{"Expand", nil, []*constant{list(1), list(2000)}, "more than a file of its size needs"},
		{"Expand", nil, []*constant{list(1), list(1<<20, 1<<20)}, "too large"},
		{"Expand", nil, []*constant{list(1), list(-1)}, "too large"},
		{"Add", nil, []*constant{list(1, 2), list(1, 2, 3)}, "do not broadcast"},
		{"Add", nil, []*constant{list(1)}, "1 inputs, expected two"},
		{"Add", nil, []*constant{list(1), nil}, "input 1 is missing"},
		{"Clip", nil, []*constant{list(1), list(1, 2)}, "a bound of shape [2]"},
		{"Cast", []attribute{integer("to", 8)}, []*constant{list(1)}, "casts to the element type 8"},
		{"Range", nil, []*constant{list(0), list(1 << 40), list(1)}, "not small integers"},
		{"Range", nil, []*constant{list(0), list(1), list(0)}, "its step is 0"},
		{"Range", nil, []*constant{list(0), list(1 << 20), list(1)}, "more than a file of its size needs"},
		{"ConstantOfShape", []attribute{{name: "value", t: &tensor{typ: typeInt64, shape: []int{2}, raw: make([]byte, 16)}}}, []*constant{list(1)}, "not one number"},
		{"Constant", nil, nil, "neither floats nor integers"},
		{"Identity", nil, []*constant{nil}, "input 0 is missing"},
		{"Shape", nil, nil, "input 0 is missing"},
	} {
		_, err := evaluate(c.op, c.attributes, c.in)
		checkRefused(t, c.op, err, c.want)
	}
}
