package state

import "fmt"

// Error says in one lower-case line why a weight file was refused.
type Error struct{ Msg string }

func (e *Error) Error() string { return e.Msg }

// Refuse makes an *Error.
func Refuse(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Quote shows a name from a file on one bounded line.
func Quote(s string) string {
	const most = 80
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q…", s[:most])
}
