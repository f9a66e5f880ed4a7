package onnx

// The evaluators that move elements without changing them.

func reshapeConstant(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	target, err := in.option("shape", 1)
	if err != nil {
		return nil, err
	}
	shape, err := reshape(n, c.shape, target)
	if err != nil {
		return nil, err
	}
	return c.reshaped(shape)
}

// reshape resolves 0 (as before) and -1 (what is left) in a target shape.
func reshape(n *node, from []int, target []int64) ([]int, error) {
	total, _ := product(from)
	shape, open, rest := make([]int, len(target)), -1, 1
	fits := len(target) <= maxRank
	for d, size := range target {
		switch {
		case size == 0 && n.integer("allowzero", 0) == 0 && d < len(from):
			size = int64(from[d])
		case size == -1 && open < 0:
			open = d
			continue
		}
		if size < 0 || size > maxElements || (size > 0 && int64(rest) > maxElements/size) {
			fits = false
			break
		}
		shape[d] = int(size)
		rest *= int(size)
	}
	if fits && open >= 0 && rest > 0 {
		shape[open] = total / rest
		rest *= shape[open]
	}
	if !fits || rest != total {
		return nil, n.refuse("shape %v does not reshape to %v", from, target)
	}
	return shape, nil
}

func unsqueezeConstant(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	list, err := in.option("axes", 1)
	if err != nil {
		return nil, err
	}
	shape, err := inserted(n, c.shape, list, 1)
	if err != nil {
		return nil, err
	}
	return c.reshaped(shape)
}

// inserted puts one at each of the axes of the result.
func inserted[T any](n *node, from []T, axes []int64, one T) ([]T, error) {
	at, err := positions(n, axes, len(from)+len(axes))
	if err != nil {
		return nil, err
	}
	var out []T
	for d := range len(from) + len(axes) {
		if at[d] {
			out = append(out, one)
		} else {
			out, from = append(out, from[0]), from[1:]
		}
	}
	return out, nil
}

// positions marks axes, of which negative ones count from the end.
func positions(n *node, axes []int64, rank int) ([]bool, error) {
	if rank > maxRank {
		return nil, n.refuse("more than %d dimensions", maxRank)
	}
	at := make([]bool, rank)
	for _, a := range axes {
		d, err := axis(n, a, rank)
		if err != nil {
			return nil, err
		}
		if at[d] {
			return nil, n.refuse("axis %d is given twice", a)
		}
		at[d] = true
	}
	return at, nil
}

func axis(n *node, a int64, rank int) (int, error) {
	if a < 0 {
		a += int64(rank)
	}
	if a < 0 || a >= int64(rank) {
		return 0, n.refuse("it has no axis %d", a)
	}
	return int(a), nil
}

func squeezeConstant(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	list, err := in.option("axes", 1)
	if err != nil {
		return nil, err
	}
	at, err := positions(n, list, len(c.shape))
	if err != nil {
		return nil, err
	}
	shape := []int{}
	for d, size := range c.shape {
		if gone := at[d] || (list == nil && size == 1); !gone {
			shape = append(shape, size)
		} else if size != 1 {
			return nil, n.refuse("axis %d of shape %v is not 1", d, c.shape)
		}
	}
	return c.reshaped(shape)
}

func transposeConstant(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	order, err := permutation(n, len(c.shape))
	if err != nil {
		return nil, err
	}
	shape, steps, own := make([]int, len(order)), make([]int, len(order)), strides(c.shape)
	for d, from := range order {
		shape[d], steps[d] = c.shape[from], own[from]
	}
	return w.strided(n, c, shape, 0, steps)
}

// permutation is attribute perm, or the axes in reverse.
func permutation(n *node, rank int) ([]int, error) {
	perm, ok := n.integers("perm")
	if !ok {
		for d := rank - 1; d >= 0; d-- {
			perm = append(perm, int64(d))
		}
	}
	if len(perm) != rank {
		return nil, n.refuse("perm %v for %d dimensions", perm, rank)
	}
	if _, err := positions(n, perm, rank); err != nil {
		return nil, err
	}
	order := make([]int, rank)
	for d, a := range perm {
		order[d], _ = axis(n, a, rank)
	}
	return order, nil
}

func expandConstant(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	target, err := in.shape(1)
	if err != nil {
		return nil, err
	}
	return w.broadcast(n, c, common(c.shape, target))
}

func concatConstants(w *walk, n *node, in arguments) (*constant, error) {
	first, err := in.get(0)
	if err != nil {
		return nil, err
	}
	at, err := axis(n, n.integer("axis", 0), len(first.shape))
	if err != nil {
		return nil, err
	}
	shape := append([]int(nil), first.shape...)
	shape[at] = 0
	for i := range in.list {
		c, err := in.get(i)
		if err != nil {
			return nil, err
		}
		if len(c.shape) != len(shape) || c.float != first.float {
			return nil, n.refuse("its inputs do not fit together")
		}
		for d := range shape {
			if d == at {
				shape[d] = min(shape[d]+c.shape[d], maxElements+1)
			} else if c.shape[d] != shape[d] {
				return nil, n.refuse("its inputs do not fit together")
			}
		}
	}
	out, err := w.result(n, shape, first.float)
	if err != nil {
		return nil, err
	}
	outer, _ := product(shape[:at])
	to := 0
	for o := range outer {
		for _, c := range in.list {
			run := c.len() / outer
			if c.float {
				copy(out.floats[to:], c.floats[o*run:(o+1)*run])
			} else {
				copy(out.ints[to:], c.ints[o*run:(o+1)*run])
			}
			to += run
		}
	}
	return out, nil
}

func gatherConstant(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	indices, err := in.get(1)
	if err != nil {
		return nil, err
	}
	at, err := axis(n, n.integer("axis", 0), len(c.shape))
	if err != nil {
		return nil, err
	}
	if indices.float || len(indices.shape) > 1 {
		return nil, n.refuse("its indices are not a list of integers")
	}
	if len(indices.shape) == 0 {
		i, err := axis(n, indices.ints[0], c.shape[at])
		if err != nil {
			return nil, err
		}
		own := strides(c.shape)
		base := i * own[at]
		shape := append(append([]int{}, c.shape[:at]...), c.shape[at+1:]...)
		return w.strided(n, c, shape, base, append(append([]int{}, own[:at]...), own[at+1:]...))
	}
	if len(c.shape) != 1 {
		return nil, n.refuse("it gathers a list of rows")
	}
	out, err := w.result(n, indices.shape, c.float)
	if err != nil {
		return nil, err
	}
	for i, index := range indices.ints {
		j, err := axis(n, index, c.shape[0])
		if err != nil {
			return nil, err
		}
		if c.float {
			out.floats[i] = c.floats[j]
		} else {
			out.ints[i] = c.ints[j]
		}
	}
	return out, nil
}

func sliceConstant(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	var lists [4][]int64
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		if lists[i], err = in.option(name, i+1); err != nil {
			return nil, err
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if len(starts) != len(ends) || len(starts) > maxRank || (axes != nil && len(axes) != len(starts)) ||
		(steps != nil && len(steps) != len(starts)) {
		return nil, n.refuse("starts, ends, axes and steps do not fit together")
	}
	shape, by, base := append([]int{}, c.shape...), strides(c.shape), 0
	seen := make([]bool, len(shape))
	for i := range starts {
		a, step := int64(i), int64(1)
		if axes != nil {
			a = axes[i]
		}
		if steps != nil {
			step = steps[i]
		}
		d, err := axis(n, a, len(shape))
		if err != nil {
			return nil, err
		}
		if seen[d] || step == 0 || step < -maxElements || step > maxElements {
			return nil, n.refuse("it slices axis %d twice or with the step %d", d, step)
		}
		seen[d] = true
		first, count := span(starts[i], ends[i], step, int64(shape[d]))
		base += int(first) * by[d]
		shape[d], by[d] = int(count), by[d]*int(step)
	}
	return w.strided(n, c, shape, base, by)
}

// span is the first index and the number of indices of a slice, as numpy
// clamps them.
func span(start, end, step, size int64) (first, count int64) {
	clamp := func(i, lo, hi int64) int64 {
		if i < 0 {
			i += size
		}
		return min(max(i, lo), hi)
	}
	if step > 0 {
		first, end = clamp(start, 0, size), clamp(end, 0, size)
		return first, max(0, (end-first+step-1)/step)
	}
	first, end = clamp(start, -1, size-1), clamp(end, -1, size-1)
	return max(first, 0), max(0, (first-end-step-1)/-step)
}

func rangeConstant(w *walk, n *node, in arguments) (*constant, error) {
	var bounds [3]int64
	for i := range bounds {
		list, err := in.integers(i)
		if err != nil {
			return nil, err
		}
		if len(list) != 1 || list[0] < -maxElements || list[0] > maxElements {
			return nil, n.refuse("its bounds are not small integers")
		}
		bounds[i] = list[0]
	}
	start, limit, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return nil, n.refuse("its step is 0")
	}
	count := max(0, (limit-start+step)/step)
	if (limit-start)%step == 0 {
		count = max(0, (limit-start)/step)
	}
	out, err := w.result(n, []int{int(count)}, false)
	if err != nil {
		return nil, err
	}
	for i := range out.ints {
		out.ints[i] = start + int64(i)*step
	}
	return out, nil
}
