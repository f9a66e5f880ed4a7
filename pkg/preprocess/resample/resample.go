// Package resample crops, resizes and normalises pictures in one pass over
// their rows. For bicubic, bilinear, lanczos and nearest the pixels are those
// of Pillow's Image.resize with a box: weights with 22 fractional bits, the
// horizontal pass first, each pass rounded to 8 bits. The two filters of
// TensorFlow are computed in float32 and are not rounded.
package resample

import "errors"

// Target is where a picture goes: one of Pix and Tensor.
type Target struct {
	Pix    []byte    // [OutH, OutW, 3] RGB, rows Stride apart
	Tensor []float32 // [OutH, OutW, 3] RGB, rows Stride apart, normalised by Norm
	Stride int       // in values; 0 means 3·OutW
	Norm   *Normaliser
}

// Resampler takes pictures row by row. It keeps its buffers, which hold no more
// rows than the filter reaches, and the plans of its last geometries. It
// belongs to one goroutine at a time.
type Resampler struct {
	set   *Set
	plans []*Plan // last used first

	plan   *Plan
	target Target
	size   int // bytes of a source pixel
	taken  int // source rows that are in the ring
	made   int // output rows, in the order of the stored picture

	band    []byte // up to four source rows that wait, bandStride apart
	waiting int

	ring       []byte // rows between the passes
	ringStride int
	ringRows   int
	offsets    []int

	row     []byte // one row after the vertical pass
	out     []byte // one finished row
	upright []byte // [OutH, OutW, 3] where stored rows are columns
	whole   []byte // every pixel, upright, for TensorFlow's filters

	h HorizontalArgs
	v VerticalArgs
	n NormaliseArgs
}

// New makes a Resampler with the kernels of a tier.
func New(set *Set) *Resampler { return &Resampler{set: set} }

const plansKept = 4

// Plan returns the plan of g, computed only where it is not one of the last
// few. Errors are those of NewPlan.
func (r *Resampler) Plan(g Geometry) (*Plan, error) {
	if g.Orientation == 0 {
		g.Orientation = 1
	}
	for i, p := range r.plans {
		if p.Geometry == g {
			copy(r.plans[1:i+1], r.plans[:i])
			r.plans[0] = p
			return p, nil
		}
	}
	p, err := NewPlan(g)
	if err != nil {
		return nil, err
	}
	r.plans = append(r.plans, nil)
	copy(r.plans[1:], r.plans)
	r.plans[0] = p
	if len(r.plans) > plansKept {
		r.plans[plansKept] = nil
		r.plans = r.plans[:plansKept]
	}
	return p, nil
}

// Start begins a picture whose pixels have size bytes, 3 (RGB) or 4 (RGB and
// one that does not count). What was not finished before is forgotten.
func (r *Resampler) Start(p *Plan, size int, t Target) {
	if t.Stride == 0 {
		t.Stride = 3 * p.OutW
	}
	r.plan, r.size, r.target = p, size, t
	r.taken, r.made, r.waiting = 0, 0, 0
	if p.tf != nil {
		r.whole = grown(r.whole, 3*p.Width*p.Height)
		return
	}
	r.h = HorizontalArgs{
		Left: &p.left[0], Weights: &p.horizontal[0], Groups: p.groups, N: len(p.left), Size: size, Shuffle: &shuffles[size][0],
	}
	outW := 3 * len(p.left)
	r.out = grown(r.out, blocks(outW+1))
	width := outW // of a row in the ring
	if p.transposed {
		r.upright = grown(r.upright, 3*p.OutW*p.OutH)
	}
	if p.downFirst {
		width = p.rowBytes(size)
	} else {
		r.band = grown(r.band, 4*p.bandStride(size))
	}
	r.ringStride = blocks(width + 4)
	r.ringRows = (p.deepest + 3 + 3) / 4 * 4
	r.ring = grown(r.ring, r.ringRows*r.ringStride)
	r.row = grown(r.row, r.ringStride)
	if cap(r.offsets) < 2*p.pairs {
		r.offsets = make([]int, 2*p.pairs)
	}
	r.offsets = r.offsets[:2*p.pairs]
}

// rowBytes is a needed row, as long as the groups of taps reach.
func (p *Plan) rowBytes(size int) int { return size * max(p.needs.Dx(), 4*p.groups) }

func (p *Plan) bandStride(size int) int { return blocks(p.rowBytes(size) + 4) }

// blocks rounds up to what the vertical kernels step by.
func blocks(n int) int { return (n + 31) &^ 31 }

func grown(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// Rows takes n rows from row y of Geometry's stored pixels on, stride bytes
// apart; pix begins at the first column of Needs and must hold those columns.
// Rows come in order, each once; those that are not needed may be left out.
func (r *Resampler) Rows(y int, pix []byte, stride, n int) {
	p := r.plan
	if skip := p.needs.Min.Y - y; skip > 0 {
		if skip >= n {
			return
		}
		y, n, pix = y+skip, n-skip, pix[skip*stride:]
	}
	n = min(n, p.needs.Max.Y-y)
	if n <= 0 {
		return
	}
	if y != p.needs.Min.Y+r.taken+r.waiting {
		panic("resample: rows out of order")
	}
	switch {
	case p.tf != nil:
		r.keep(pix, stride, n)
	case p.downFirst:
		r.takeColumns(pix, stride, n)
	default:
		r.takeRows(pix, stride, n)
	}
}

// takeRows resizes rows four at a time, where they lie if that is safe.
func (r *Resampler) takeRows(pix []byte, stride, n int) {
	p := r.plan
	used := r.size * p.needs.Dx()
	reach := p.rowBytes(r.size) + 4
	for n > 0 {
		if r.waiting == 0 && n >= 4 && used == reach-4 && len(pix) >= 3*stride+reach {
			r.horizontal(pix, stride, 4)
			pix, n = pix[min(4*stride, len(pix)):], n-4
			continue
		}
		copy(r.band[r.waiting*p.bandStride(r.size):], pix[:used])
		r.waiting++
		pix, n = pix[min(stride, len(pix)):], n-1
		if r.waiting == 4 {
			r.waiting = 0
			r.horizontal(r.band, p.bandStride(r.size), 4)
		}
	}
}

// horizontal resizes rows, 1 or 4, into the ring.
func (r *Resampler) horizontal(pix []byte, stride, n int) {
	slot := r.taken % r.ringRows
	a := &r.h
	a.Src, a.SrcStride = &pix[0], stride
	a.Dst, a.DstStride = &r.ring[slot*r.ringStride], r.ringStride
	if n == 4 {
		r.set.Horizontal4(a)
	} else {
		r.set.Horizontal1(a)
	}
	r.taken += n
	r.emit()
}

// takeColumns keeps rows as they are for the vertical pass.
func (r *Resampler) takeColumns(pix []byte, stride, n int) {
	used := r.size * r.plan.needs.Dx()
	for range n {
		copy(r.ring[r.taken%r.ringRows*r.ringStride:], pix[:used])
		r.taken++
		r.emit()
		pix = pix[min(stride, len(pix)):]
	}
}

// emit makes every output row whose source rows are there.
func (r *Resampler) emit() {
	p := r.plan
	for r.made < len(p.top) && int(p.top[r.made]+p.depth[r.made]) <= r.taken {
		r.vertical(r.made)
		rgb := r.row
		if p.downFirst {
			r.h.Src, r.h.Dst = &r.row[0], &r.out[0]
			r.set.Horizontal1(&r.h)
			rgb = r.out
		}
		r.place(r.made, rgb[:3*len(p.left)])
		r.made++
	}
}

// vertical sums the rows of output i into r.row.
func (r *Resampler) vertical(i int) {
	p := r.plan
	top, depth := int(p.top[i]), int(p.depth[i])
	for j := range r.offsets {
		r.offsets[j] = (top + min(j, depth-1)) % r.ringRows * r.ringStride
	}
	r.v = VerticalArgs{
		Src: &r.ring[0], Offsets: &r.offsets[0], Weights: &p.vertical[i*p.pairs*4], Pairs: p.pairs,
		Dst: &r.row[0], N: r.ringStride,
	}
	r.set.Vertical(&r.v)
}

// place puts output row i of the stored picture where it belongs upright.
func (r *Resampler) place(i int, rgb []byte) {
	p := r.plan
	if p.flipped {
		i = len(p.top) - 1 - i
	}
	if !p.transposed {
		r.write(i, rgb)
		return
	}
	for y := range p.OutH {
		copy(r.upright[3*(y*p.OutW+i):][:3], rgb[3*y:])
	}
}

func (r *Resampler) write(y int, rgb []byte) {
	if r.target.Pix != nil {
		copy(r.target.Pix[y*r.target.Stride:][:len(rgb)], rgb)
		return
	}
	r.target.Norm.row(&r.n, r.target.Tensor[y*r.target.Stride:][:len(rgb)], rgb)
}

// ErrRows says that Finish came before all rows that are needed.
var ErrRows = errors.New("resample: rows are missing")

// Finish completes the picture. The error is ErrRows.
func (r *Resampler) Finish() error {
	p := r.plan
	if r.taken+r.waiting != p.needs.Dy() {
		return ErrRows
	}
	if p.tf != nil {
		p.tf.run(r.whole, r.target.set)
		r.target = Target{}
		return nil
	}
	for i := range r.waiting {
		r.horizontal(r.band[i*p.bandStride(r.size):], 0, 1)
	}
	if p.transposed {
		for y := range p.OutH {
			r.write(y, r.upright[3*y*p.OutW:][:3*p.OutW])
		}
	}
	r.target, r.waiting = Target{}, 0
	return nil
}
