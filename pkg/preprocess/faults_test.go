package preprocess

import (
	"bytes"
	"compress/zlib"
	"errors"
	"runtime"
	"strings"
	"testing"
)

// fault is a file that must be refused, and what is said of it.
type fault struct {
	name string
	data []byte
	kind Kind
	says string
}

func foreignFaults() []fault {
	ftyp := func(brand string) []byte { return []byte("\x00\x00\x00\x18ftyp" + brand + "\x00\x00\x00\x00mif1miaf") }
	dicom := append(make([]byte, 128), "DICM"...)
	return []fault{
		{"empty", nil, KindFormat, "empty file"},
		{"one byte", []byte{0}, KindFormat, "unknown format"},
		{"noise", []byte("\x01\x02\x03\x80\x90\xa0\xb0\xc0"), KindFormat, "unknown format; JPEG, PNG, GIF, WebP, BMP and TIFF are read"},
		{"text", []byte("just words\nÄ\n"), KindFormat, "text, not a picture"},
		{"text that begins as BMP", []byte("BM is how this text begins"), KindFormat, "text"},
		{"HTML", []byte("\n<!DOCTYPE html><html>"), KindFormat, "HTML page, not a picture"},
		{"LFS pointer", []byte("version https://git-lfs.github.com/spec/v1\noid"), KindFormat, "git lfs pull"},
		{"HEIC", ftyp("heic"), KindFormat, "HEIC picture; convert it first, e.g. heif-convert"},
		{"HEIC by its compatible brand", ftyp("xxxx"), KindFormat, "HEIC"},
		{"AVIF", ftyp("avif"), KindFormat, "AVIF picture; convert it first, e.g. avifdec"},
		{"JPEG XL codestream", []byte("\xff\x0a\x00"), KindFormat, "JPEG XL picture; convert it first, e.g. djxl"},
		{"JPEG XL container", []byte("\x00\x00\x00\x0cJXL \r\n\x87\n"), KindFormat, "JPEG XL"},
		{"PSD", []byte("8BPS\x00\x01"), KindFormat, "Photoshop (PSD) picture; convert it first"},
		{"SVG", []byte("<?xml version=\"1.0\"?>\n<svg xmlns="), KindFormat, "SVG drawing; convert it first, e.g. rsvg-convert"},
		{"PDF", []byte("%PDF-1.7\n%\xe2\xe3"), KindFormat, "PDF document; convert it first, e.g. pdftoppm"},
		{"JPEG 2000", []byte("\x00\x00\x00\x0cjP  \r\n\x87\n"), KindFormat, "JPEG 2000"},
		{"ICO", []byte("\x00\x00\x01\x00\x01\x00"), KindFormat, "icon (ICO)"},
		{"EPS", []byte("%!PS-Adobe-3.0 EPSF-3.0"), KindFormat, "PostScript"},
		{"CR2", []byte("II*\x00\x10\x00\x00\x00CR\x02\x00"), KindFormat, "camera raw picture (Canon CR2)"},
		{"CR3", []byte("\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01"), KindFormat, "Canon CR3"},
		{"DNG", tiffOf(tagWidth, 1, tagHeight, 1, 0xc612, 4), KindFormat, "DNG"},
		{"MP4", []byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00"), KindFormat, "video (MP4"},
		{"AVI", []byte("RIFF\x00\x00\x00\x00AVI LIST"), KindFormat, "video (AVI)"},
		{"WAV", []byte("RIFF\x80\x81\x00\x00WAVEfmt \x00"), KindFormat, "unknown format"},
		{"Matroska", []byte("\x1a\x45\xdf\xa3\x01"), KindFormat, "Matroska"},
		{"PNM", []byte("P6\n1 1\n255\n\x01\x02\x03"), KindFormat, "Netpbm"},
		{"ZIP", []byte("PK\x03\x04\x14"), KindFormat, "ZIP archive; unpack it first"},
		{"gzip", []byte("\x1f\x8b\x08"), KindFormat, "gzip"},
		{"bzip2", []byte("BZh91AY&SY"), KindFormat, "bzip2"},
		{"xz", []byte("\xfd7zXZ\x00\x00"), KindFormat, "xz"},
		{"Zstandard", []byte("\x28\xb5\x2f\xfd\x04"), KindFormat, "Zstandard"},
		{"7z", []byte("7z\xbc\xaf\x27\x1c\x00"), KindFormat, "7z"},
		{"RAR", []byte("Rar!\x1a\x07\x01\x00"), KindFormat, "RAR"},
		{"DICOM", dicom, KindFormat, "DICOM"},
		{"BigTIFF", []byte("II+\x00\x08\x00\x00\x00"), KindFormat, "BigTIFF"},
		{"BMP in RLE", bmpOfSize(4, 4, 8, 1), KindFormat, "BMP with RLE8 compression is not supported; convert it first"},
		{"TIFF of five inks", tiffOf(tagWidth, 1, tagHeight, 1, tagBits, 8, tagPhotometric, 5, tagSamples, 5), KindFormat, "TIFF with inks other than CMYK is not supported; convert it first"},
		{"CMYK TIFF in planes", tiffOf(tagWidth, 1, tagHeight, 1, tagBits, 8, tagPhotometric, 5, tagSamples, 4, tagPlanar, 2), KindFormat, "separate colour planes"},
		{"JPEG in TIFF", tiffOf(tagWidth, 1, tagHeight, 1, tagCompression, 7), KindFormat, "JPEG compression"},
		{"TIFF in planes", tiffOf(tagWidth, 1, tagHeight, 1, tagBits, 8, tagPhotometric, 2, tagSamples, 3, tagPlanar, 2), KindFormat, "separate colour planes"},
		{"12-bit TIFF", tiffOf(tagWidth, 1, tagHeight, 1, tagBits, 12), KindFormat, "12 bits a sample"},
		{"TIFF of grey and two alphas", tiffOf(tagWidth, 1, tagHeight, 1, tagBits, 8, tagPhotometric, 1, tagSamples, 3), KindFormat, "3 samples of grey"},
		{"TIFF in run lengths", tiffOf(tagWidth, 1, tagHeight, 1, tagCompression, 2, tagPhotometric, 1, tagStripOffsets, 8, tagStripLengths, 1), KindFormat, "compression value 2 is not supported; convert it first"},
	}
}

func limitFaults(t *testing.T) []fault {
	says := func(size string) string { return size + " pixels, more than the limit of 100000000" }
	return []fault{
		{"GIF of 15 bytes", append(le16([]byte("GIF89a"), 58593, 58596), 0, 0, 0, 0x2c, 0), KindLimit, says("58593×58596")},
		{"GIF frame beyond its canvas", gifOfSize(1, 1, 20000, 20000), KindLimit, says("20000×20000")},
		{"PNG", pngOfSize(10001, 10000), KindLimit, says("10001×10000")},
		{"PNG at 2^32", pngOfSize(1<<32-1, 1<<32-1), KindLimit, says("4294967295×4294967295")},
		{"JPEG", jpegOf(t, 65535, 65535), KindLimit, says("65535×65535")},
		{"WebP canvas", riff(vp8x(16384, 16384), vp8lOfSize(8, 8)), KindLimit, says("16384×16384")},
		{"WebP frame beyond its canvas", riff(vp8x(8, 8), vp8lOfSize(16383, 16383)), KindLimit, says("16383×16383")},
		{"WebP lossless", riff(vp8lOfSize(16384, 16384)), KindLimit, says("16384×16384")},
		{"WebP lossy", riff(vp8OfSize(16383, 16383)), KindLimit, says("16383×16383")},
		{"WebP animation's frame", riff(vp8x(8, 8), anmf(8, 8, vp8lOfSize(16384, 16384))), KindLimit, says("16384×16384")},
		{"BMP", bmpOfSize(1<<31-1, 1<<31-1, 24, 0), KindLimit, says("2147483647×2147483647")},
		{"BMP upside down", bmpOfSize(20000, -1<<31, 24, 0), KindLimit, says("20000×2147483648")},
		{"TIFF", tiffOf(tagWidth, 1<<32-1, tagHeight, 1<<32-1), KindLimit, says("4294967295×4294967295")},
	}
}

func damageFaults(t *testing.T) []fault {
	rgb, gray := pillowFile(t, "rgb.png"), pillowFile(t, "gray.gif")
	lossy, tif := pillowFile(t, "quality60.webp"), pillowFile(t, "rgb-raw.tif")
	return []fault{
		{"PNG without IEND", rgb[:len(rgb)-12], KindDecode, "truncated PNG"},
		{"PNG, bad checksum of IDAT", badCRC(t, rgb, "IDAT"), KindDecode, "damaged PNG: invalid checksum"},
		{"PNG, bad checksum of IHDR", badCRC(t, rgb, "IHDR"), KindDecode, "damaged PNG: invalid checksum"},
		{"PNG with less data than its size", pngOfSize(100, 100), KindDecode, "truncated PNG"},
		{"PNG 0×5", pngOfSize(0, 5), KindDecode, "damaged PNG: 0×5 pixels"},
		{"PNG that does not begin with its header", replaced(t, rgb, "IHDR", "iHDR"), KindDecode, "truncated PNG"},
		{"JPEG 0×N", jpegOf(t, 0, 16), KindDecode, "JPEG"},
		{"JPEG cut in half", jpegOf(t)[:400], KindDecode, "truncated JPEG"},
		{"JPEG without an end", jpegOf(t)[:len(jpegOf(t))-2], KindDecode, "truncated JPEG"},
		{"GIF without trailer", gray[:len(gray)-1], KindDecode, "truncated GIF"},
		{"GIF without frame", append(le16([]byte("GIF89a"), 5, 5), 0, 0, 0, gifTrailer), KindDecode, "damaged GIF: no frame"},
		{"GIF of 0×0", gifOfSize(0, 0, 0, 0), KindDecode, "damaged GIF: 0×0 pixels"},
		{"GIF with too few codes", gifOfSize(9, 9, 9, 9), KindDecode, "GIF"},
		{"WebP longer than its file", lossy[:len(lossy)-2], KindDecode, "truncated WebP"},
		{"WebP without frame", riff(vp8x(8, 8)), KindDecode, "damaged WebP: no frame"},
		{"WebP frame smaller than its canvas", riff(vp8x(9, 8), lossy[12:]), KindDecode, "does not fit its canvas"},
		{"WebP of a header alone", riff(vp8OfSize(8, 8)), KindDecode, "WebP"},
		{"BMP cut", pillowFile(t, "rgb.bmp")[:200], KindDecode, "truncated BMP"},
		{"BMP 0×0", bmpOfSize(0, 0, 24, 0), KindDecode, "damaged BMP: 0×0 pixels"},
		{"BMP of negative width", bmpOfSize(-4, 4, 24, 0), KindDecode, "damaged BMP: -4×4 pixels"},
		{"BMP whose pixels begin in its header", join(pillowFile(t, "rgb.bmp")[:10], []byte{53, 0, 0, 0}, pillowFile(t, "rgb.bmp")[14:]), KindDecode, "pixels inside its header"},
		{"BMP of 7 bits", bmpOfSize(4, 4, 7, 0), KindDecode, "damaged BMP: 7 bits a pixel"},
		{"TIFF cut", tif[:len(tif)/2], KindDecode, "TIFF"},
		{"TIFF of tiles far larger than the picture", tiffOf(tagWidth, 1, tagHeight, 90000000, tagTileWidth, 1024, tagTileHeight, 1024), KindDecode, "tiles of 1024×1024"},
	}
}

// TestFaults holds each fault to its kind and words, strict or lenient, and to
// little memory: nothing is allocated from what a file claims.
func TestFaults(t *testing.T) {
	damage := damageFaults(t)
	for _, f := range append(append(foreignFaults(), limitFaults(t)...), damage...) {
		t.Run(f.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p, err := Decode(f.data, Options{})
			runtime.ReadMemStats(&after)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("Decode gives %v, %v", p, err)
			}
			if e.Kind != f.kind || !strings.Contains(e.Msg, f.says) {
				t.Errorf("%s error %q, want a %s error with %q", e.Kind, e.Msg, f.kind, f.says)
			}
			checkMessage(t, e.Msg)
			if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
				t.Errorf("%d bytes allocated for a file of %d", used, len(f.data))
			}
			if p, err := Decode(f.data, Options{Lenient: true}); err == nil && !p.Damaged {
				t.Error("with Lenient a picture without a mark")
			}
		})
	}
}

// checkMessage wants one line without a full stop.
func checkMessage(t *testing.T, msg string) {
	t.Helper()
	if msg == "" || strings.ContainsAny(msg, "\n\r") || strings.HasSuffix(msg, ".") {
		t.Errorf("message %q", msg)
	}
}

// TestEveryPrefix cuts a file of each kind at every byte: never a picture that
// looks whole, unless the cut took nothing of the pixels.
func TestEveryPrefix(t *testing.T) {
	strict := []string{"rgb.png", "interlaced.png", "palette.gif", "animated.gif", "quality60.webp", "lossless.webp", "alpha.webp", "animated.webp"}
	files := map[string][]byte{"jpeg": jpegOf(t)}
	for _, name := range strict {
		files[name] = pillowFile(t, name)
	}
	for name, data := range files {
		for n := range data {
			if p, err := Decode(data[:n], Options{}); err == nil {
				t.Errorf("%s: %d of %d bytes give %d×%d", name, n, len(data), p.Width, p.Height)
			}
			if p, err := Decode(data[:n], Options{Lenient: true}); err == nil && !p.Damaged {
				t.Errorf("%s: %d of %d bytes with Lenient give an unmarked picture", name, n, len(data))
			}
		}
	}
	for _, name := range []string{"rgb.bmp", "4.bmp", "rgb-raw.tif", "cmyk-raw.tif", "cmyk-packbits.tif", "rgb-tiff_lzw.tif", "gray-packbits.tif", "rgb-tiff_adobe_deflate.tif", "bit-group4.tif", "gray-alpha-tiff_lzw.tif"} {
		data := pillowFile(t, name)
		whole, err := Decode(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if p, err := Decode(data[:n], Options{}); err == nil && !bytes.Equal(p.RGB.Pix, whole.RGB.Pix) {
				t.Errorf("%s: %d of %d bytes give other pixels", name, n, len(data))
			}
		}
	}
}

// TestLimitIsInclusive allows exactly MaxPixels.
func TestLimitIsInclusive(t *testing.T) {
	for _, name := range []string{"rgb.png", "palette.gif", "lossless.webp", "rgb.bmp", "rgb-raw.tif"} { // 13×9
		data := pillowFile(t, name)
		if _, err := Decode(data, Options{MaxPixels: 117}); err != nil {
			t.Errorf("%s: %v at the limit", name, err)
		}
		var e *Error
		if _, err := Decode(data, Options{MaxPixels: 116}); !errors.As(err, &e) || e.Kind != KindLimit {
			t.Errorf("%s: %v beyond the limit", name, err)
		}
	}
}

// TestBoundedMetadata decodes pictures with what inflates, or repeats, beside
// the pixels.
func TestBoundedMetadata(t *testing.T) {
	var bomb bytes.Buffer
	bomb.WriteString("key\x00\x00")
	w := zlib.NewWriter(&bomb)
	if _, err := w.Write(make([]byte, 32<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rgb := pillowFile(t, "rgb.png")
	for _, kind := range []string{"zTXt", "iCCP", "eXIf"} {
		var before, after runtime.MemStats
		data := insertChunk(rgb, kind, bomb.Bytes())
		runtime.ReadMemStats(&before)
		p, err := Decode(data, Options{})
		runtime.ReadMemStats(&after)
		if err != nil || p.Width != 13 {
			t.Errorf("%s: %v, %v", kind, p, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes allocated", kind, used)
		}
	}
}

// TestPanicBecomesError lets a decoder fail badly.
func TestPanicBecomesError(t *testing.T) {
	saved := formats
	defer func() { formats = saved }()
	formats = []format{{"x", "X", prefix("\x80"), func([]byte, Options) (*decoded, error) { panic("index out of range") }}}
	var e *Error
	if _, err := Decode([]byte("\x80"), Options{}); !errors.As(err, &e) || e.Kind != KindDecode || !strings.HasPrefix(e.Msg, "damaged X: ") {
		t.Errorf("a panic gives %v", err)
	}
}
