package preprocess

import "bytes"

// format is a picture format that is read.
type format struct {
	name   string // as in Picture.Format
	title  string // as in messages
	match  func(data []byte) bool
	decode func(data []byte, o Options) (*decoded, error)
}

var formats = []format{
	{"jpeg", "JPEG", prefix("\xff\xd8\xff"), decodeJPEG},
	{"png", "PNG", prefix(pngSignature), decodePNG},
	{"gif", "GIF", anyOf(prefix("GIF87a"), prefix("GIF89a")), decodeGIF},
	{"webp", "WebP", both(prefix("RIFF"), at(8, "WEBP")), decodeWebP},
	{"bmp", "BMP", isBMP, decodeBMP},
	{"tiff", "TIFF", anyOf(prefix("II*\x00"), prefix("MM\x00*")), decodeTIFF},
}

// sniff finds the format by the content alone. A known format that is not read
// gives an error that names it and says what converts it.
func sniff(data []byte) (*format, error) {
	if len(data) == 0 {
		return nil, formatError("empty file")
	}
	for _, f := range foreignFormats {
		if f.match(data) {
			return nil, formatError("%s", f.message())
		}
	}
	for i := range formats {
		if formats[i].match(data) {
			return &formats[i], nil
		}
	}
	for _, f := range otherFiles {
		if f.match(data) {
			return nil, formatError("%s", f.message())
		}
	}
	return nil, formatError("unknown format; JPEG, PNG, GIF, WebP, BMP and TIFF are read")
}

func prefix(magic string) func([]byte) bool { return at(0, magic) }

func at(offset int, magic string) func([]byte) bool {
	return func(data []byte) bool {
		return len(data) >= offset && bytes.HasPrefix(data[offset:], []byte(magic))
	}
}

func anyOf(matches ...func([]byte) bool) func([]byte) bool {
	return func(data []byte) bool {
		for _, m := range matches {
			if m(data) {
				return true
			}
		}
		return false
	}
}

func both(a, b func([]byte) bool) func([]byte) bool {
	return func(data []byte) bool { return a(data) && b(data) }
}
