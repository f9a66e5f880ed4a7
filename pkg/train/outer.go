package train

import (
	"github.com/effnet/effnet/pkg/kernels"
)

// outer is a matrix product whose k are the pixels of a batch, as the gradients
// of weights are: out[i][j] = Σ rows[pixel][i]·cols[pixel][j]. Rows are
// transposed, [pixels/16][rows][16], so that pixels are the k of the matrix
// kernels; columns are packed to panels a chunk of pixels at a time.
//
// The pixels are cut into slots of their own sums, by their number alone, and
// slots are added in order.
type outer struct {
	rows, cols int // channels
	panels     []kernels.Panel
	zeros      []float32 // the kernels' bias

	pixels, slots int
	runs, last    []kernels.Run
}

const (
	// chunkPixels is the k of one call: packed columns and a tile's rows stay
	// in the nearer caches.
	chunkPixels = 256
	// slotPixels is the least size of a slot, and maxSlots their number.
	slotPixels = 4096
	maxSlots   = 16
	// panelValues is the packed columns of a chunk in the widest panel.
	panelValues = chunkPixels * 4 * kernels.Block
)

func newOuter(set *kernels.Set, rows, cols int) *outer {
	m := set.NewMatrix(cols, chunkPixels, rows)
	return &outer{rows: rows, cols: cols, panels: m.Panels, zeros: kernels.Alloc(kernels.Blocks(cols) * kernels.Block)}
}

func (o *outer) turnedRows() int { return kernels.Blocks(o.rows) * kernels.Block }

// slotsOf is the number of slots for a number of pixels.
func slotsOf(pixels int) int { return min(max(1, pixels/slotPixels), maxSlots) }

// slotSize is the pixels of a slot: whole chunks.
func (o *outer) slotSize() int {
	n := (o.pixels + o.slots - 1) / o.slots
	return (n + chunkPixels - 1) / chunkPixels * chunkPixels
}

// outerMemory is what products use one after the other: turned rows
// [pixels/16][rows padded][16] and sums [slots][cols/16][rows][16].
type outerMemory struct{ turned, sums []float32 }

// reserve makes the memory fit for a number of pixels.
func (o *outer) reserve(m *outerMemory, pixels int) {
	groups := (pixels + kernels.Block - 1) / kernels.Block
	m.turned = grown(m.turned, groups*o.turnedRows()*kernels.Block)
	m.sums = grown(m.sums, slotsOf(pixels)*o.slotValues())
}

// grown is s, or a larger slice whose values are all zero.
func grown(s []float32, n int) []float32 {
	if len(s) >= n {
		return s
	}
	return kernels.Alloc(n)
}

// slotValues is the sums of one slot.
func (o *outer) slotValues() int { return kernels.Blocks(o.cols) * kernels.Block * o.rows }

// resize tells of how many pixels the next product is, at most those reserved.
func (o *outer) resize(pixels int) {
	if o.pixels == pixels {
		return
	}
	o.pixels, o.slots = pixels, slotsOf(pixels)
	step := o.turnedRows() * kernels.Block * 4
	o.runs = kernels.Runs(chunkPixels, 0, step)
	o.last = nil
	if n := pixels % chunkPixels; n > 0 {
		o.last = kernels.Runs(n, 0, step)
	}
}

// turn transposes rows [rows/16][pixels][16].
func (o *outer) turn(p *pass, rows []float32) {
	groups := (o.pixels + kernels.Block - 1) / kernels.Block
	pieces := (groups + chunkPixels/kernels.Block - 1) / (chunkPixels / kernels.Block)
	p.team.run(kernels.Blocks(o.rows)*pieces, func(_ *worker, task int) {
		b, piece := task/pieces, task%pieces
		from := rows[b*o.pixels*kernels.Block:][:o.pixels*kernels.Block]
		for g := piece * chunkPixels / kernels.Block; g < min((piece+1)*chunkPixels/kernels.Block, groups); g++ {
			to := p.outer.turned[(g*o.turnedRows()+b*kernels.Block)*kernels.Block:]
			turnGroup((*square)(to), from[g*kernels.Block*kernels.Block:])
		}
	})
}

// turnGroup transposes up to sixteen pixels; those that lack are zero.
func turnGroup(to *square, from []float32) {
	var short square
	if len(from) < len(short) {
		copy(short[:], from)
		from = short[:]
	}
	transpose(to, (*square)(from))
}

// packer writes n pixels from first on of the panel's channel blocks to dst,
// [n][vecs·16].
type packer func(dst []float32, panel kernels.Panel, first, n int)

// multiply computes the sums of all slots, after turn.
func (o *outer) multiply(p *pass, pack packer) {
	p.team.run(o.slots*len(o.panels), func(w *worker, task int) {
		slot, panel := task/len(o.panels), o.panels[task%len(o.panels)]
		begin := min(slot*o.slotSize(), o.pixels)
		end := min(begin+o.slotSize(), o.pixels)
		dst := p.outer.sums[slot*o.slotValues()+panel.First*kernels.Block*o.rows:][:panel.Vecs*kernels.Block*o.rows]
		if begin == end {
			clear(dst)
			return
		}
		for first := begin; first < end; first += chunkPixels {
			o.chunk(p, w, pack, panel, dst, first, min(chunkPixels, end-first), first > begin)
		}
	})
}

// chunk adds the products of n pixels from first on to dst, or sets it.
func (o *outer) chunk(p *pass, w *worker, pack packer, panel kernels.Panel, dst []float32, first, n int, more bool) {
	width := panel.Vecs * kernels.Block
	packed := w.panel[:(n+3)/4*4*width]
	pack(packed[:n*width], panel, first, n)
	clear(packed[n*width:])
	w.matrix = kernels.Matrix{Data: packed, Bias: o.zeros}
	at := kernels.Panel{Vecs: panel.Vecs}
	a := &w.gemm
	a.CStride, a.Act = o.rows*kernels.Block*4, kernels.None
	height := max(1, callBudget/(n*width))
	for row := 0; row < o.rows; row += height {
		from := (first/kernels.Block*o.turnedRows() + row) * kernels.Block
		a.Input(kernels.At(p.outer.turned, from), o.runsOf(n))
		a.C, a.Residual = kernels.At(dst, row*kernels.Block), nil
		if more {
			a.Residual = a.C
		}
		p.set.GEMM(a, &w.matrix, at, 1, min(height, o.rows-row), 0, 0)
	}
}

// runsOf is where n pixels of a row lie: a chunk, or what is left of all.
func (o *outer) runsOf(n int) []kernels.Run {
	if n == chunkPixels {
		return o.runs
	}
	return o.last
}

// addRows adds the product to dst, [rows][cols·stride] from its first value on,
// each row times the scale of its channel.
func (o *outer) addRows(p *pass, dst []float32, stride int, scale *norm) {
	p.team.run(o.rows, func(_ *worker, i int) {
		f := float32(scale.at(i))
		for j := 0; j < o.cols; j += kernels.Block {
			sums := o.total(p, j/kernels.Block, i)
			row := dst[(i*o.cols+j)*stride:]
			for c, v := range sums[:min(kernels.Block, o.cols-j)] {
				row[c*stride] += v * f
			}
		}
	})
}

// addCols adds the product to dst, [cols][rows], each column times the scale of
// its channel.
func (o *outer) addCols(p *pass, dst []float32, scale *norm) {
	p.team.run(kernels.Blocks(o.cols), func(_ *worker, b int) {
		var sums, turned square
		first := b * kernels.Block
		for i := 0; i < o.rows; i += kernels.Block {
			n := min(kernels.Block, o.rows-i)
			for k := range n {
				*(*vector)(sums[k*kernels.Block:]) = o.total(p, b, i+k)
			}
			transpose(&turned, &sums)
			for c := range min(kernels.Block, o.cols-first) {
				f := float32(scale.at(first + c))
				to := dst[(first+c)*o.rows+i:][:n]
				for k, v := range turned[c*kernels.Block:][:n] {
					to[k] += v * f
				}
			}
		}
	})
}

// total adds up the slots of sixteen columns of row i.
func (o *outer) total(p *pass, block, i int) vector {
	at := (block*o.rows + i) * kernels.Block
	total := vector(p.outer.sums[at:])
	for s := 1; s < o.slots; s++ {
		sums := (*vector)(p.outer.sums[s*o.slotValues()+at:])
		for c, v := range sums {
			total[c] += v
		}
	}
	return total
}
