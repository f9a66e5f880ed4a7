package kernels

import "unsafe"

// Run is up to sixteen k that follow each other in memory: from Offset bytes
// after a tile's first pixel on, K4 times four values.
type Run struct {
	Offset, K4 int
}

// Runs lists where the channels of a pixel lie: from start bytes on, stride
// bytes from one channel block to the next. Their number is rounded up to a
// multiple of four.
func Runs(channels, start, stride int) []Run {
	runs := make([]Run, 0, Blocks(channels))
	for b := range Blocks(channels) {
		runs = append(runs, Run{start + b*stride, (min(Block, channels-b*Block) + 3) / 4})
	}
	return runs
}

// GEMMArgs is one call of a matrix kernel on one panel of packed weights:
//
//	C[m][n] = act(Σk A[m][k]·B[k][n] + bias[n]) + residual[m][n]
//
// over an image of Rows rows, each Tiles tiles of MR pixels. Pixel m of A is
// at A + 64·m, and its k are where Runs says; C and Residual are
// [N/16][pixels][16]. Pixels of a tile and tiles of a row follow each other;
// ASkip and CSkip are added at a row's end. Strides and skips are in bytes. C
// may not overlap A or B; Residual may be C, except with SiLU.
//
// The assembly reads fields by offset: order and types are part of its
// contract.
type GEMMArgs struct {
	A        unsafe.Pointer
	B        unsafe.Pointer // [K][Vecs·16]
	C        unsafe.Pointer
	Bias     unsafe.Pointer // [Vecs·16]
	Residual unsafe.Pointer // nil: none
	Runs     *Run           // NRuns of them, together K values
	NRuns    int
	CStride  int // between channel blocks of C and Residual
	ASkip    int
	CSkip    int // of C and Residual
	Tiles    int
	Rows     int
	Act      Activation
	MR       int
	Vecs     int
}

// Input sets where A's pixels begin and its k lie.
func (a *GEMMArgs) Input(first unsafe.Pointer, runs []Run) {
	a.A, a.Runs, a.NRuns = first, &runs[0], len(runs)
}

// Matrix is the weights of a convolution, packed once: panels of up to four
// channel blocks, each [K][vecs·16], and the bias padded likewise.
type Matrix struct {
	N, Inputs int
	K         int // Inputs, padded to a multiple of four
	TileRows  int // of the tallest tile of any panel: a good unit to cut pixels by
	Panels    []Panel
	Data      []float32 // nil until Pack
	Bias      []float32
}

// Panel is a run of output channel blocks: Vecs blocks from block First, the
// weights from Data[Offset]. Of a Half panel the last half block is padding.
type Panel struct {
	First, Vecs, Offset int
	Half                bool
}

// NewMatrix lays out panels for n outputs of k inputs, for products over
// images whose rows have cols pixels.
func (s *Set) NewMatrix(n, k, cols int) *Matrix {
	m := &Matrix{N: n, Inputs: k, K: (k + 3) / 4 * 4}
	half := n%Block > 0 && n%Block <= Block/2
	pieces, size, big := s.panels(Blocks(n), m.K, cols, half)
	first := 0
	for i := range pieces {
		p := Panel{First: first, Vecs: size, Offset: first * Block * m.K}
		if i < big {
			p.Vecs++
		}
		m.Panels = append(m.Panels, p)
		m.TileRows = max(m.TileRows, s.tileRows(p.Vecs))
		first += p.Vecs
	}
	m.Panels[len(m.Panels)-1].Half = half
	return m
}

// Values is the length of Data.
func (m *Matrix) Values() int { return Blocks(m.N) * Block * m.K }

// Allocate takes the matrix's memory.
func (m *Matrix) Allocate(memory *Memory) {
	m.Data = memory.Alloc(m.Values())
	m.Bias = memory.Alloc(Blocks(m.N) * Block)
}

// Weights are a convolution's as they come, to be packed: [outputs][inputs][taps]
// values, each output's times its own Scale, nil standing for ones.
type Weights struct {
	Values, Bias []float32
	Scale        []float64
	Taps         int
}

// scale is the factor of output n.
func (w *Weights) scale(n int) float64 {
	if w.Scale == nil {
		return 1
	}
	return w.Scale[n]
}

// Pack fills the allocated matrix. Its k go over inputs first and taps last.
func (m *Matrix) Pack(w Weights) {
	copy(m.Bias, w.Bias)
	for _, p := range m.Panels {
		m.packPanel(p, &w)
	}
}

// packPanel transposes sixteen k at a time: their lines of the panel stay in
// L1.
func (m *Matrix) packPanel(p Panel, w *Weights) {
	width := p.Vecs * Block
	dst := m.Data[p.Offset : p.Offset+width*m.K]
	channels := m.Inputs / w.Taps
	for k := 0; k < m.Inputs; k += Block {
		for j := range min(width, m.N-p.First*Block) {
			n := p.First*Block + j
			scale := w.scale(n)
			row := w.Values[n*m.Inputs : (n+1)*m.Inputs]
			if w.Taps == 1 && k+Block <= len(row) {
				packColumn(At(dst, k*width+j), width*4, (*vector)(row[k:]), scale)
				continue
			}
			for i := k; i < min(k+Block, len(row)); i++ {
				dst[i*width+j] = float32(float64(row[i%channels*w.Taps+i/channels]) * scale)
			}
		}
	}
}

// packColumn writes sixteen weights of an output, step bytes apart.
func packColumn(dst unsafe.Pointer, step int, values *vector, scale float64) {
	for i := 0; i < Block; i += 4 {
		a, b, c, d := float64(values[i]), float64(values[i+1]), float64(values[i+2]), float64(values[i+3])
		*(*float32)(dst) = float32(a * scale)
		*(*float32)(at(dst, step)) = float32(b * scale)
		*(*float32)(at(dst, 2*step)) = float32(c * scale)
		*(*float32)(at(dst, 3*step)) = float32(d * scale)
		dst = at(dst, 4*step)
	}
}

// panelVecs is the narrowest panel whose tiles fill the registers over rows of
// cols pixels: a tier trades rows of a tile against its width. Half a block
// gains only beside a whole one. Low tiles read the weights so often that these
// have to stay in L1.
func (s *Set) panelVecs(blocks, k, cols int, half bool) int {
	best, bestFill := 1, 0
	alone := func(v int) bool { return half && blocks > 1 && last(blocks, v) == 1 }
	for v := 1; v <= maxTileVecs; v++ {
		rows := s.tileRows(v)
		if rows == 0 || rows < min(cols, lowRows) && v*blockBytes*k > panelBudget {
			break
		}
		pieces, _, _ := split(cols, rows)
		fill := min(v*cols/pieces, s.enoughSums)
		if fill > bestFill || fill == bestFill && alone(best) && !alone(v) {
			best, bestFill = v, fill
		}
	}
	return best
}

// Tiles of fewer than lowRows rows read more weights than L2 gives; a panel of
// panelBudget bytes and the tile's inputs fit in any L1.
const (
	lowRows     = 4
	panelBudget = 28 << 10
)

// panels are the pieces of panelVecs' width, but none of one block beside wider
// ones: its tiles have an input to load for every multiply-add, where those of
// three blocks have one for three.
func (s *Set) panels(blocks, k, cols int, half bool) (pieces, size, big int) {
	vecs := s.panelVecs(blocks, k, cols, half)
	pieces, size, big = split(blocks, vecs)
	if size == 1 && pieces > 1 && vecs == 2 && s.tileRows(3) >= lowRows {
		pieces--
		size, big = blocks/pieces, blocks%pieces
	}
	return pieces, size, big
}

// last is the smallest of the pieces that split gives.
func last(n, most int) int {
	_, size, _ := split(n, most)
	return size
}

// tileRows is the tallest tile of a width, 0 where the tier has none.
func (s *Set) tileRows(vecs int) int {
	for r := maxTileRows; r > 0; r-- {
		if s.gemm[vecs][r] != nil {
			return r
		}
	}
	return 0
}

// TileRows lists the sizes of the tiles by which GEMM cuts a row of cols pixels
// for a panel of vecs channel blocks.
func (s *Set) TileRows(vecs, cols int) []int { return sizes(cols, s.tileRows(vecs)) }

// Half tells whether tiles of rows pixels leave the panel's padding out.
func (s *Set) Half(p Panel, rows int) bool { return p.Half && s.gemmHalf[p.Vecs][rows] != nil }

// GEMM runs one panel of m over an image of rows × cols pixels. The caller has
// set Input, C, Residual, CStride and Act in a; aRow and cRow are the bytes from
// one image row to the next. The other fields are overwritten.
func (s *Set) GEMM(a *GEMMArgs, m *Matrix, p Panel, rows, cols, aRow, cRow int) {
	a.B = At(m.Data, p.Offset)
	a.Bias = At(m.Bias, p.First*Block)
	a.Vecs = p.Vecs
	a.Rows = rows
	pieces, size, big := split(cols, s.tileRows(p.Vecs))
	start := *a
	if big > 0 {
		s.gemmTiles(a, p, big, size+1, aRow, cRow)
	}
	if big < pieces {
		skip := big * (size + 1) * blockBytes
		a.A, a.C = at(start.A, skip), at(start.C, skip)
		if start.Residual != nil {
			a.Residual = at(start.Residual, skip)
		}
		s.gemmTiles(a, p, pieces-big, size, aRow, cRow)
	}
	a.A, a.C, a.Residual = start.A, start.C, start.Residual
}

func (s *Set) gemmTiles(a *GEMMArgs, p Panel, tiles, mr, aRow, cRow int) {
	a.Tiles, a.MR = tiles, mr
	a.ASkip = aRow - tiles*mr*blockBytes
	a.CSkip = cRow - tiles*mr*blockBytes
	kernel := s.gemm[a.Vecs][mr]
	if half := s.gemmHalf[a.Vecs][mr]; p.Half && half != nil {
		kernel = half
	}
	kernel(a)
}
