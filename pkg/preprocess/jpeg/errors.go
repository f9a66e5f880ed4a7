package jpeg

import "fmt"

// FormatError says that the data is not a JPEG, is damaged, or ends early.
type FormatError struct {
	Msg       string
	Truncated bool // data is missing; what is there was well formed
}

func (e *FormatError) Error() string { return e.Msg }

// UnsupportedError names a coding process or feature that is not read.
type UnsupportedError struct {
	Feature string
}

func (e *UnsupportedError) Error() string { return "unsupported JPEG: " + e.Feature }

// LimitError says that a picture claims more pixels than are allowed.
type LimitError struct {
	Width, Height int
	Max           int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("picture of %d×%d pixels exceeds the limit of %d pixels", e.Width, e.Height, e.Max)
}

func damaged(format string, args ...any) error {
	return &FormatError{Msg: "damaged JPEG: " + fmt.Sprintf(format, args...)}
}

func truncated(format string, args ...any) error {
	return &FormatError{Msg: "truncated JPEG: " + fmt.Sprintf(format, args...), Truncated: true}
}
