package preprocess

import (
	"bytes"
	"errors"
	"fmt"
	"image"

	"golang.org/x/image/tiff"
)

// Photometric interpretations.
const (
	whiteIsZero   = 0
	blackIsZero   = 1
	paletteColour = 3
)

const separatePlanes = 2 // of tagPlanar

// decodeTIFF decodes the first picture of a TIFF file, oriented by its own tag.
func decodeTIFF(data []byte, o Options) (*decoded, error) {
	d, ok := parseDirectory(data)
	if !ok {
		return nil, decodeError("truncated TIFF")
	}
	w, h := d.first(tagWidth, 0), d.first(tagHeight, 0)
	if err := checkSize("TIFF", w, h, o.MaxPixels); err != nil {
		return nil, err
	}
	if err := checkTiles(d, w, h); err != nil {
		return nil, err
	}
	if reason := unsupportedTIFF(d); reason != "" {
		return nil, unsupportedError(reason)
	}
	img, err := decodeSamples(d)
	var unsupported tiff.UnsupportedError
	if errors.As(err, &unsupported) {
		return nil, unsupportedError(string(unsupported))
	}
	if err != nil {
		return nil, wrongWith("TIFF", err)
	}
	rgb := toRGB(img, true)
	if isFax(d) && d.first(tagPhotometric, 0) == blackIsZero {
		invert(rgb)
	}
	return &decoded{rgb: rgb, orientation: exifOrientation(data)}, nil
}

func unsupportedError(feature string) error {
	return formatError("TIFF with %s is not supported; convert it first, e.g. magick IN.tif OUT.png", feature)
}

// decodeSamples lets x/image/tiff decode what it knows, or what it takes for
// that.
func decodeSamples(d directory) (image.Image, error) {
	switch {
	case isCMYK(d):
		img, err := tiff.Decode(relabelCMYK(d))
		return asInks(img), err
	case isGrayAlpha(d):
		img, err := tiff.Decode(relabelGrayAlpha(d))
		if err != nil {
			return nil, err
		}
		return grayOfPairs(img, d), nil
	}
	return tiff.Decode(bytes.NewReader(d.data))
}

// isFax tells the compressions of which x/image/tiff takes a white run for
// white whatever the photometric interpretation; in libtiff, and so in Pillow,
// a white run is a row of zero bits.
func isFax(d directory) bool {
	const group3, group4 = 3, 4
	c := d.first(tagCompression, 1)
	return c == group3 || c == group4
}

func invert(rgb *image.NRGBA) {
	for i, v := range rgb.Pix {
		rgb.Pix[i] = 255 - v
	}
	dropAlpha(rgb.Pix, rgb.Rect)
}

// checkTiles bounds the work of decompressing tiles, whose area is
// independent of the picture's.
func checkTiles(d directory, w, h int64) error {
	tw, th := d.first(tagTileWidth, 0), d.first(tagTileHeight, 0)
	if tw <= 0 || th <= 0 {
		return nil
	}
	const smallArea = 4 << 20
	across, down := (w+tw-1)/tw, (h+th-1)/th
	limit := 2*w*h + smallArea
	if tw > limit/across || th > limit/(across*tw)/down {
		return decodeError("damaged TIFF: tiles of %d×%d for %d×%d pixels", tw, th, w, h)
	}
	return nil
}

// unsupportedTIFF names the first feature that the decoder does not know, or
// would silently read wrongly.
func unsupportedTIFF(d directory) string {
	photometrics := map[int64]string{4: "a transparency mask", separatedColour: "inks other than CMYK", 6: "YCbCr colours", 8: "CIELab colours",
		9: "ICCLab colours", 10: "ITULab colours", 32803: "raw sensor data", 32844: "LogL pixels", 32845: "LogLuv colours", 34892: "linear raw data"}
	compressions := map[int64]string{6: "JPEG compression", 7: "JPEG compression", 34712: "JPEG 2000 compression",
		34887: "LERC compression", 34925: "LZMA compression", 50000: "Zstandard compression", 50001: "WebP compression", 50002: "JPEG XL compression"}
	samples, bitCount := d.first(tagSamples, 1), d.first(tagBits, 1)
	photometric := d.first(tagPhotometric, whiteIsZero)
	switch {
	case !isCMYK(d) && photometrics[photometric] != "":
		return photometrics[photometric]
	case compressions[d.first(tagCompression, 1)] != "":
		return compressions[d.first(tagCompression, 1)]
	case samples > 1 && d.first(tagPlanar, 1) == separatePlanes:
		return "separate colour planes"
	case bitCount != 1 && bitCount != 8 && bitCount != 16:
		return fmt.Sprintf("%d bits a sample", bitCount)
	case !isGrayAlpha(d) && samples > 1 && (photometric <= blackIsZero || photometric == paletteColour):
		return fmt.Sprintf("%d samples of grey or palette colours", samples)
	}
	return ""
}
