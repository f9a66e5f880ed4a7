package preprocess

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	pngHeaderLen = 13   // of IHDR's data
	maxInflation = 1032 // bytes that deflate makes of one, at most
)

// pngFile is what the walk over a PNG's chunks finds.
type pngFile struct {
	width, height            uint32
	depth, colour, interlace byte
	header                   []byte   // IHDR's data
	palette, transparency    []byte   // PLTE's and tRNS's data
	idat                     [][]byte // pixel data, possibly cut off
	exif                     []byte
	whole                    bool // every chunk up to IEND is there
}

// decodePNG decodes the pixels of IDAT: of an APNG that is the first frame or,
// as in Pillow, the default image.
func decodePNG(data []byte, o Options) (*decoded, error) {
	f, err := openPNG(data, o)
	if err != nil {
		return nil, err
	}
	if size := f.rowPixel(); size > 0 && f.complete() == nil {
		var rgb *image.NRGBA
		w, h := int(f.width), int(f.height)
		err := new(pngRows).decode(f, data, func(y int, row []byte) {
			if rgb == nil {
				rgb = image.NewNRGBA(image.Rect(0, 0, w, h))
			}
			asNRGBA(rgb.Pix[y*rgb.Stride:][:rgb.Stride], row, size)
		})
		if err == nil {
			return &decoded{rgb, exifOrientation(f.exif), false}, nil
		}
	}
	return f.decode(data, o)
}

// openPNG finds the chunks and checks the size.
func openPNG(data []byte, o Options) (*pngFile, error) {
	f, ok := walkPNG(data)
	if !ok {
		return nil, decodeError("truncated PNG")
	}
	return f, checkSize("PNG", int64(f.width), int64(f.height), o.MaxPixels)
}

// decode decodes any PNG.
func (f *pngFile) decode(data []byte, o Options) (*decoded, error) {
	d := &decoded{orientation: exifOrientation(f.exif)}
	err := f.complete()
	if err == nil {
		img, pngErr := png.Decode(bytes.NewReader(data))
		if pngErr == nil {
			d.rgb = toRGB(img, true)
			return d, nil
		}
		err = wrongWith("PNG", pngErr)
	}
	if !o.Lenient {
		return nil, err
	}
	img, repairErr := f.repair()
	if repairErr != nil {
		return nil, err
	}
	d.rgb, d.damaged = toRGB(img, true), true
	return d, nil
}

// walkPNG needs a whole IHDR as the first chunk; what follows may be cut off.
func walkPNG(data []byte) (*pngFile, bool) {
	rest := data[len(pngSignature):]
	f := &pngFile{}
	for first := true; len(rest) >= 8; first = false {
		n, kind, body := int64(binary.BigEndian.Uint32(rest)), string(rest[4:8]), rest[8:]
		cut := n+4 > int64(len(body))
		if cut {
			n = min(n, int64(len(body)))
		}
		chunk := body[:n]
		if first {
			if kind != "IHDR" || n != pngHeaderLen {
				return nil, false
			}
			f.readHeader(chunk)
		}
		switch kind {
		case "PLTE":
			f.palette = chunk
		case "tRNS":
			f.transparency = chunk
		case "IDAT":
			f.idat = append(f.idat, chunk)
		case "eXIf":
			f.exif = chunk
		case "IEND":
			f.whole = !cut
		}
		if cut || kind == "IEND" {
			break
		}
		rest = body[n+4:]
	}
	return f, f.header != nil
}

func (f *pngFile) readHeader(h []byte) {
	f.header = h
	f.width, f.height = binary.BigEndian.Uint32(h), binary.BigEndian.Uint32(h[4:])
	f.depth, f.colour, f.interlace = h[8], h[9], h[12]
}

// complete refuses a file that ends early, or whose pixel data is too short to
// become the picture that it claims.
func (f *pngFile) complete() error {
	total := int64(0)
	for _, chunk := range f.idat {
		total += int64(len(chunk))
	}
	if !f.whole || f.rawLen() > total*maxInflation {
		return decodeError("truncated PNG")
	}
	return nil
}

// rawLen is the length of the inflated pixel data, filter bytes included.
func (f *pngFile) rawLen() int64 {
	total := int64(0)
	for _, p := range f.passes() {
		total += p.rows * p.bytes
	}
	return total
}

// pngPass is rows of as many bytes each, the first of which is the filter's.
type pngPass struct{ bytes, rows int64 }

// passes lists the inflated pixel data; rows of a colour type that does not
// exist are their filters alone.
func (f *pngFile) passes() []pngPass {
	samples := int64(0)
	switch f.colour {
	case 0, 3:
		samples = 1
	case 2:
		samples = 3
	case 4:
		samples = 2
	case 6:
		samples = 4
	}
	bits := samples * int64(f.depth)
	w, h := int64(f.width), int64(f.height)
	if f.interlace == 0 {
		return []pngPass{{1 + (w*bits+7)/8, h}}
	}
	var passes []pngPass
	for _, p := range adam7 {
		w, h := (w-p.x+p.dx-1)/p.dx, (h-p.y+p.dy-1)/p.dy
		if w > 0 && h > 0 {
			passes = append(passes, pngPass{1 + (w*bits+7)/8, h})
		}
	}
	return passes
}

// adam7 holds the start and step of each pass.
var adam7 = []struct{ x, y, dx, dy int64 }{
	{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
}
