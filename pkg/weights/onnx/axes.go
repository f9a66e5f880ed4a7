package onnx

import (
	"slices"
	"strings"
)

// The operators that only move axes, and the mean over pixels.

func transposeMap(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	v := in[0]
	order, err := permutation(n, len(v.axes))
	if err != nil {
		return value{}, err
	}
	axes := make([]byte, len(order))
	for d, from := range order {
		axes[d] = v.axes[from]
	}
	return value{feature: v.feature, axes: string(axes)}, nil
}

// reshapeMap gives a map without pixels other axes of 1, or leaves a map as it
// is.
func reshapeMap(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	target, err := args.integers(1)
	if err != nil {
		return value{}, err
	}
	v := in[0]
	dims := v.dims()
	shape, err := reshape(n, dims, target)
	if err != nil {
		return value{}, err
	}
	if slices.Equal(shape, dims) {
		return v, nil
	}
	axes, ok := pooledAxes(v.feature, shape)
	if !ok || !v.feature.pooled || strings.IndexByte(v.axes, 'N') > strings.IndexByte(v.axes, 'C') {
		return value{}, n.refuse("it reshapes a map of shape %v to %v, expected only axes of 1 to come or go", dims, shape)
	}
	return value{feature: v.feature, axes: axes}, nil
}

// pooledAxes names the axes of a shape that n times c numbers are brought to:
// N first, C where its size is.
func pooledAxes(f *feature, shape []int) (string, bool) {
	if len(shape) < 2 || shape[0] != f.n {
		return "", false
	}
	axes := []byte("N" + strings.Repeat("1", len(shape)-1))
	at := 1 + slices.IndexFunc(shape[1:], func(size int) bool { return size != 1 })
	if at == 0 {
		at = 1 // one channel lies the same wherever its axis is
	}
	axes[at] = 'C'
	return string(axes), shape[at] == f.c
}

func flattenMap(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	v := in[0]
	if n.integer("axis", 1) != 1 || !v.feature.pooled || v.axes[0] != 'N' {
		return value{}, n.refuse("it flattens a map of shape %v, expected one without pixels, after the first axis", v.dims())
	}
	return value{feature: v.feature, axes: "NC"}, nil
}

func squeezeMap(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	v := in[0]
	list, err := args.option("axes", 1)
	if err != nil {
		return value{}, err
	}
	at, err := positions(n, list, len(v.axes))
	if err != nil {
		return value{}, err
	}
	var axes []byte
	for d := range len(v.axes) {
		if !at[d] {
			axes = append(axes, v.axes[d])
		} else if v.axes[d] != '1' {
			return value{}, n.refuse("it squeezes axis %d of a map of shape %v", d, v.dims())
		}
	}
	if len(axes) == len(v.axes) {
		return value{}, n.refuse("it does not say which axes it squeezes")
	}
	return value{feature: v.feature, axes: string(axes)}, nil
}

func unsqueezeMap(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	list, err := args.option("axes", 1)
	if err != nil {
		return value{}, err
	}
	axes, err := inserted(n, []byte(in[0].axes), list, '1')
	if err != nil {
		return value{}, err
	}
	return value{feature: in[0].feature, axes: string(axes)}, nil
}

func globalPool(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	if in[0].axes != "NCHW" {
		return value{}, n.refuse("a map of shape %v, expected [N C H W]", in[0].dims())
	}
	return pool(n, in[0], "NC11"), nil
}

func pool(n *node, v value, axes string) value {
	f := n.then(opPool, v.feature)
	f.h, f.w, f.pooled = 1, 1, true
	return value{feature: f, axes: axes}
}

// averagePool may be a global one in other words.
func averagePool(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	v := in[0]
	kernel, _ := n.integers("kernel_shape")
	pads, _ := n.integers("pads")
	auto := n.text("auto_pad", "NOTSET")
	if v.axes != "NCHW" || !slices.Equal(kernel, []int64{int64(v.feature.h), int64(v.feature.w)}) ||
		(len(pads) > 0 && slices.Max(pads) != 0) || (auto != "NOTSET" && auto != "VALID") {
		return value{}, n.refuse("kernel_shape %v for a map of shape %v, expected the mean of all pixels", kernel, v.dims())
	}
	return pool(n, v, "NC11"), nil
}

func reduceMean(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	v := in[0]
	list, err := args.option("axes", 1)
	if err != nil {
		return value{}, err
	}
	at, err := positions(n, list, len(v.axes))
	if err != nil {
		return value{}, err
	}
	var kept, gone []byte
	for d := range len(v.axes) {
		switch {
		case !at[d]:
			kept = append(kept, v.axes[d])
			continue
		case n.integer("keepdims", 1) != 0:
			kept = append(kept, '1')
		}
		gone = append(gone, v.axes[d])
	}
	slices.Sort(gone)
	if string(gone) != "HW" {
		return value{}, n.refuse("it takes the mean over axes %v of a map of shape %v, expected all pixels", list, v.dims())
	}
	return pool(n, v, string(kept)), nil
}
