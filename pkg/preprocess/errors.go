package preprocess

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Kind tells why a picture could not be decoded; the words are those of a
// record's error.kind.
type Kind string

// The kinds of Error.
const (
	KindFormat Kind = "format" // not a picture, or a format that is not read
	KindDecode Kind = "decode" // truncated or damaged
	KindLimit  Kind = "limit"  // more pixels than allowed
)

// Error is why a picture could not be decoded. Msg is one line, lower-case,
// without the path.
type Error struct {
	Kind Kind
	Msg  string
}

func (e *Error) Error() string { return e.Msg }

func formatError(format string, args ...any) *Error {
	return &Error{KindFormat, fmt.Sprintf(format, args...)}
}

func decodeError(format string, args ...any) *Error {
	return &Error{KindDecode, fmt.Sprintf(format, args...)}
}

// wrongWith explains the error of another package's decoder: an early end of
// the data is "truncated TITLE", anything else "damaged TITLE: reason".
func wrongWith(title string, err error) *Error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return decodeError("truncated %s", title)
	}
	reason := err.Error()
	for _, prefix := range []string{"png: ", "tiff: ", "vp8: ", "vp8l: ", "lzw: ", "invalid format: ", "unsupported feature: "} {
		reason = strings.ReplaceAll(reason, prefix, "")
	}
	return decodeError("damaged %s: %s", title, reason)
}

// checkSize holds a claimed size against the limit; both extents are below
// 2^32.
func checkSize(title string, width, height, maxPixels int64) error {
	if width <= 0 || height <= 0 {
		return decodeError("damaged %s: %d×%d pixels", title, width, height)
	}
	if width > maxPixels/height {
		return &Error{KindLimit, fmt.Sprintf("%d×%d pixels, more than the limit of %d", width, height, maxPixels)}
	}
	return nil
}
