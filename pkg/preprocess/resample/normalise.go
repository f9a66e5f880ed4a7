package resample

import "math"

// Normaliser turns the 8-bit samples of R, G and B into (v/255 − mean)/std,
// computed in float64 and rounded once. It does not change and may be shared.
type Normaliser struct {
	table     [3][256]float32
	mean, std [3]float64
	constants *normaliseConstants // nil where the kernel would differ from the table
	kernel    func(*NormaliseArgs)
}

// Normaliser makes one for mean and std in units of 0..1.
func (s *Set) Normaliser(mean, std [3]float64) *Normaliser {
	n := &Normaliser{mean: mean, std: std}
	for c := range n.table {
		for v := range n.table[c] {
			n.table[c][v] = float32((float64(v)/255 - mean[c]) / std[c])
		}
	}
	if s.Normalise == nil {
		return n
	}
	n.constants, n.kernel = newConstants(mean, std), s.Normalise
	if !n.exact() {
		n.constants = nil
	}
	return n
}

// newConstants splits mean·255 into a part that 8-bit values lose exactly and a
// rest, and 1/(255·std) into two floats. The product is rounded before it is
// used, on every architecture.
func newConstants(mean, std [3]float64) *normaliseConstants {
	const steps = 1 << 15
	k := new(normaliseConstants)
	for i := range k.Shift {
		m, scale := float64(mean[i%3]*255), 1/(255*std[i%3])
		k.Shift[i] = float32(math.Round(m*steps) / steps)
		k.Scale[i] = float32(scale)
		k.Rest[i] = float32(scale - float64(k.Scale[i]))
		k.Offset[i] = float32((float64(k.Shift[i]) - m) * scale)
	}
	return k
}

// exact runs the kernel on every value of every channel.
func (n *Normaliser) exact() bool {
	var src [768]byte
	var got [768]float32
	for i := range src {
		src[i] = byte(i / 3)
	}
	n.row(new(NormaliseArgs), got[:], src[:])
	for i, v := range got {
		if math.Float32bits(v) != math.Float32bits(n.table[i%3][src[i]]) {
			return false
		}
	}
	return true
}

// row normalises whole pixels.
func (n *Normaliser) row(a *NormaliseArgs, dst []float32, rgb []byte) {
	if blocks := len(rgb) / 24; blocks > 0 && n.constants != nil {
		*a = NormaliseArgs{&rgb[0], &dst[0], blocks, n.constants}
		n.kernel(a)
		rgb, dst = rgb[24*blocks:], dst[24*blocks:]
	}
	for len(rgb) >= 3 && len(dst) >= 3 {
		dst[0], dst[1], dst[2] = n.table[0][rgb[0]], n.table[1][rgb[1]], n.table[2][rgb[2]]
		rgb, dst = rgb[3:], dst[3:]
	}
}

// Is tells whether n is the one of mean and std.
func (n *Normaliser) Is(mean, std [3]float64) bool { return n.mean == mean && n.std == std }

// At is the value of an 8-bit sample of channel c.
func (n *Normaliser) At(c int, v byte) float32 { return n.table[c][v] }

// float normalises a sample that is no whole number.
func (n *Normaliser) float(v float32, c int) float32 {
	return float32((float64(v)/255 - n.mean[c]) / n.std[c])
}
