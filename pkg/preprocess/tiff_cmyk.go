package preprocess

import (
	"bytes"
	"image"
	"slices"
)

const (
	tagInkSet       = 332
	tagExtraSamples = 338
	separatedColour = 5
	inkSetCMYK      = 1
)

// isCMYK tells a TIFF whose four interleaved samples are inks.
func isCMYK(d directory) bool {
	return d.first(tagPhotometric, 0) == separatedColour && d.first(tagSamples, 1) == 4 &&
		d.first(tagInkSet, inkSetCMYK) == inkSetCMYK
}

// relabelled is a TIFF file under another directory, which lies where the file
// itself cannot reach, so that a block beyond the file's end stays one.
type relabelled struct {
	*bytes.Reader     // the file
	header, directory []byte
}

const relabelledAt = 1<<32 - 1<<20 // the offset of the directory

// ReadAt reads the header and the directory from their replacements.
func (r relabelled) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= relabelledAt {
		return bytes.NewReader(r.directory).ReadAt(p, offset-relabelledAt)
	}
	n, err := r.Reader.ReadAt(p, offset)
	if offset < int64(len(r.header)) {
		copy(p[:n], r.header[offset:])
	}
	return n, err
}

// relabelCMYK gives the file under a directory that calls the inks RGB and
// alpha that is not premultiplied, so that x/image/tiff, which knows no inks,
// decodes the samples as they are.
func relabelCMYK(d directory) relabelled {
	const rgb, unassociated = 2, 2
	entry := func(tag, value uint16) []byte {
		e := make([]byte, entryLen)
		d.order.PutUint16(e, tag)
		d.order.PutUint16(e[2:], typeShort)
		d.order.PutUint32(e[4:], 1)
		d.order.PutUint16(e[8:], value)
		return e
	}
	entries := [][]byte{entry(tagPhotometric, rgb), entry(tagExtraSamples, unassociated)}
	for e := range slices.Chunk(d.entries, entryLen) {
		if tag := d.order.Uint16(e); tag != tagPhotometric && tag != tagExtraSamples {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b []byte) int { return int(d.order.Uint16(a)) - int(d.order.Uint16(b)) })
	count := make([]byte, entryCountLen)
	d.order.PutUint16(count, uint16(len(entries)))
	header := bytes.Clone(d.data[:tiffHeaderLen])
	d.order.PutUint32(header[4:], relabelledAt)
	return relabelled{bytes.NewReader(d.data), header, bytes.Join(append([][]byte{count}, entries...), nil)}
}

// asInks reads img, as relabelCMYK makes it, as inks.
func asInks(img image.Image) image.Image {
	switch m := img.(type) {
	case *image.NRGBA:
		return &image.CMYK{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
	case *image.NRGBA64:
		return &image.CMYK{Pix: highBytes(packed(m.Pix, m.Stride, m.Rect, 8, true)), Stride: 4 * m.Rect.Dx(), Rect: m.Rect}
	}
	return img
}
