package preprocess

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

// Parts of files for the tests.

func pillowFile(t testing.TB, name string) []byte {
	t.Helper()
	return readFile(t, "testdata/pillow/"+name)
}

func pngChunk(kind string, data []byte) []byte {
	var b bytes.Buffer
	writeChunk(&b, kind, data)
	return b.Bytes()
}

// insertChunk puts a chunk behind IHDR.
func insertChunk(png []byte, kind string, data []byte) []byte {
	const headerEnd = 8 + 12 + pngHeaderLen
	return join(png[:headerEnd], pngChunk(kind, data), png[headerEnd:])
}

// pngOfSize is a PNG that claims a size and has no more than an empty IDAT.
func pngOfSize(w, h uint32) []byte {
	header := binary.BigEndian.AppendUint32(nil, w)
	header = append(binary.BigEndian.AppendUint32(header, h), 8, 2, 0, 0, 0)
	return join([]byte(pngSignature), pngChunk("IHDR", header), pngChunk("IDAT", nil), pngChunk("IEND", nil))
}

// gifOfSize is a GIF whose canvas and first frame claim sizes.
func gifOfSize(canvasW, canvasH, w, h uint16) []byte {
	b := []byte("GIF89a")
	b = le16(b, canvasW, canvasH)
	b = append(b, 0x80, 0, 0, 1, 2, 3, 4, 5, 6, gifImage)
	b = le16(b, 0, 0, w, h)
	return append(b, 0, 2, 2, 0x4c, 0x01, 0, gifTrailer)
}

func riff(chunks ...[]byte) []byte {
	body := join(append([][]byte{[]byte("WEBP")}, chunks...)...)
	return riffChunk("RIFF", body)
}

func riffChunk(kind string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func vp8x(w, h int) []byte {
	return riffChunk("VP8X", join(make([]byte, 4), le24(w-1), le24(h-1)))
}

// vp8lOfSize is the header of a lossless bitstream, 14 bits a side.
func vp8lOfSize(w, h uint32) []byte {
	return riffChunk("VP8L", binary.LittleEndian.AppendUint32([]byte{0x2f}, w-1|(h-1)<<14))
}

func vp8OfSize(w, h uint16) []byte {
	return riffChunk("VP8 ", le16([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a}, w, h))
}

func anmf(w, h int, chunks ...[]byte) []byte {
	header := join(make([]byte, 6), le24(w-1), le24(h-1), make([]byte, 4))
	return riffChunk("ANMF", join(append([][]byte{header}, chunks...)...))
}

func bmpOfSize(w, h int32, bitCount uint16, compression uint32) []byte {
	b := append([]byte("BM"), make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 54)
	b = binary.LittleEndian.AppendUint32(b, bmpInfoLen)
	b = binary.LittleEndian.AppendUint32(b, uint32(w))
	b = binary.LittleEndian.AppendUint32(b, uint32(h))
	b = le16(b, 1, bitCount)
	b = binary.LittleEndian.AppendUint32(b, compression)
	return append(b, make([]byte, 20)...)
}

// tiffOf is a little-endian TIFF directory of LONG tags in pairs of tag, value.
func tiffOf(pairs ...uint32) []byte {
	b := append([]byte("II*\x00"), 8, 0, 0, 0)
	b = le16(b, uint16(len(pairs)/2))
	for i := 0; i < len(pairs); i += 2 {
		b = le16(b, uint16(pairs[i]), typeLong)
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, pairs[i+1])
	}
	return append(b, 0, 0, 0, 0)
}

// jpegOf is a plain JPEG; with a size given, its frame header claims that one.
func jpegOf(t testing.TB, claim ...uint16) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 24, 16))
	for i := range img.Pix {
		img.Pix[i] = byte(i * i / 7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	if len(claim) == 2 {
		sof := bytes.Index(data, []byte{0xff, 0xc0})
		binary.BigEndian.PutUint16(data[sof+5:], claim[1])
		binary.BigEndian.PutUint16(data[sof+7:], claim[0])
	}
	return data
}

func le16(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func le24(v int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16)} }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// changed is data with one byte inverted; from the end if at is negative.
func changed(data []byte, at int) []byte {
	out := bytes.Clone(data)
	if at < 0 {
		at += len(out)
	}
	out[at] ^= 0xff
	return out
}

// replaced is data with old replaced once.
func replaced(t testing.TB, data []byte, old, replacement string) []byte {
	t.Helper()
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("no %q in the data", old)
	}
	return bytes.Replace(data, []byte(old), []byte(replacement), 1)
}

func filled(w, h int, c color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	return img
}

// badCRC spoils the checksum of a chunk.
func badCRC(t testing.TB, png []byte, kind string) []byte {
	t.Helper()
	at := bytes.Index(png, []byte(kind))
	if at < 0 {
		t.Fatalf("no %s", kind)
	}
	n := int(binary.BigEndian.Uint32(png[at-4:]))
	crc := png[at+4+n:]
	if binary.BigEndian.Uint32(crc) != crc32.ChecksumIEEE(png[at:at+4+n]) {
		t.Fatalf("%s has no good checksum to spoil", kind)
	}
	return changed(png, at+4+n)
}
