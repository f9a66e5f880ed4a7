package jpeg

import (
	"errors"
	"fmt"
	"image"
)

// Reader decodes pictures row by row, one after another: Reset begins the
// next one in the memory of those before. A Reader is for one goroutine.
type Reader struct {
	picture
	set  *set
	bits bitReader
	mem  memory
}

// picture is the state of decoding one file.
type picture struct {
	markers
	lenient bool
	damaged bool
	done    bool // Rows was called

	frame    frame
	scale    int
	region   image.Rectangle // wanted pixels of the scaled picture
	want     image.Rectangle // MCUs that they need
	jfif     bool
	adobe    bool
	adobeXfm byte
	quant    [4]quantTable
	huff     [2][4]*huffTable // class (0 DC, 1 AC), index
	interval int              // MCUs between restart markers, 0 none

	scans     int   // scans begun
	work      int64 // coefficients passed by progressive scans, and a share for their blocks
	streaming bool
	eobRun    int32

	colour colour
	nextY  int // next row to deliver
	sink   sink
}

// memory is what pictures share.
type memory struct {
	comps  [4]component
	tables [2][4]*huffTable
	scan   scan
	row    []byte
	sums   []int16
}

// table returns the memory of a Huffman table.
func (m *memory) table(class, index byte) *huffTable {
	if m.tables[class][index] == nil {
		m.tables[class][index] = new(huffTable)
	}
	return m.tables[class][index]
}

// kept is how many bytes of samples and coefficients a component keeps for the
// next picture.
const kept = 16 << 20

// shrink gives up what an unusually large picture took.
func (m *memory) shrink() {
	for i := range m.comps {
		c := &m.comps[i]
		size := cap(c.plane.pix)
		for _, row := range c.store {
			size += 2 * cap(row.coefs)
		}
		if size > kept {
			c.store, c.rows, c.plane.pix = nil, nil, nil
		}
	}
}

// sink is where rows go: to a picture in memory, or one by one to done.
type sink struct {
	whole bool
	pix   []byte // [region's height, region's width, 3]
	done  func(y int, rgb []byte) error
	err   error // of done
}

// quantTable holds quantisation steps in zigzag order.
type quantTable struct {
	step    [64]int16
	defined bool
}

// NewReader reads a picture's header; errors are those of Decode.
func NewReader(data []byte, o Options) (*Reader, error) {
	r := new(Reader)
	if err := r.Reset(data, o); err != nil {
		return nil, err
	}
	return r, nil
}

// Reset goes on to another picture, whatever became of the one before. The
// data must not change until Rows is over. Errors are those of Decode.
func (r *Reader) Reset(data []byte, o Options) error {
	r.picture = picture{markers: markers{data: data}, lenient: o.Lenient, done: true}
	r.mem.shrink()
	var err error
	if r.set == nil {
		if r.set, err = best(); err != nil {
			return err
		}
	}
	if err := r.readHeader(); err != nil {
		return err
	}
	limit := o.MaxPixels
	if limit == 0 {
		limit = DefaultMaxPixels
	}
	if f := &r.frame; int64(f.width)*int64(f.height) > limit {
		return &LimitError{Width: f.width, Height: f.height, Max: limit}
	}
	r.done = false
	return r.Select(o.Scale, o.Region)
}

// Select changes scale and region, which are those of Options. It comes
// before Rows.
func (r *Reader) Select(scale int, region image.Rectangle) error {
	switch scale {
	case 0:
		scale = 1
	case 1, 2, 4, 8:
	default:
		return fmt.Errorf("scale 1/%d is none of 1, 1/2, 1/4, 1/8", scale)
	}
	r.scale = scale
	w, h := r.Size()
	whole := image.Rect(0, 0, w, h)
	if region == (image.Rectangle{}) {
		region = whole
	}
	if region.Empty() || !region.In(whole) {
		return fmt.Errorf("region %v of a picture of %d×%d pixels", region, w, h)
	}
	r.region = region
	r.frame.layOut(scale)
	r.want = r.frame.mcusOf(region)
	return nil
}

// Size returns the size of the whole picture at the scale that is selected, in
// pixels, before any EXIF orientation.
func (r *Reader) Size() (width, height int) {
	return ceilDiv(r.frame.width, r.scale), ceilDiv(r.frame.height, r.scale)
}

// Region returns the part that Rows delivers.
func (r *Reader) Region() image.Rectangle { return r.region }

// Damaged tells, after Rows, that not everything could be decoded; only with
// Options.Lenient.
func (r *Reader) Damaged() bool { return r.damaged }

// Rows decodes the picture and gives each row of the region from top to
// bottom: y in the scaled picture, rgb [region's width, 3], valid until row
// returns. Rows come before the rest of the file is known to be sound; after
// an error they mean nothing. An error of row ends decoding and is returned,
// others are those of Decode. Rows can be called once for each Reset.
func (r *Reader) Rows(row func(y int, rgb []byte) error) error {
	r.mem.row = grown(r.mem.row, 3*r.region.Dx())
	r.sink = sink{done: row}
	return r.decode()
}

// decode brings the picture to the sink.
func (r *Reader) decode() error {
	if r.done {
		return errors.New("no picture to decode")
	}
	r.done = true
	err := r.readScans()
	if r.sink.err != nil {
		return r.sink.err
	}
	if err != nil {
		if !r.lenient || r.scans == 0 {
			return err
		}
		r.damaged = true
	}
	return r.finish()
}

// grown returns memory for n values, that of s where it suffices.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// zeroed is grown with every value zero.
func zeroed[T any](s []T, n int) []T {
	s = grown(s, n)
	clear(s)
	return s
}
