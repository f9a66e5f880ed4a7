package classify

import (
	"fmt"
	"strings"
)

// Kind says which part of the work on a picture failed.
type Kind string

// The kinds of failure.
const (
	KindRead     Kind = "read"     // the bytes could not be had
	KindFormat   Kind = "format"   // not a picture, or of a format that is not read
	KindDecode   Kind = "decode"   // a broken picture
	KindLimit    Kind = "limit"    // larger than allowed
	KindModel    Kind = "model"    // the model gave NaN or infinity
	KindInternal Kind = "internal" // a fault of this program
)

// Error is why one picture has no result.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ModelError is why a model cannot be used: it is not there, it is broken, or
// it does not fit the options.
type ModelError struct {
	Model string // as the caller named it
	Err   error
}

func (e *ModelError) Error() string { return fmt.Sprintf("%q: %s", e.Model, e.Err) }

// Unwrap gives the cause.
func (e *ModelError) Unwrap() error { return e.Err }

// AbsentError is a known variant whose weights are not here.
type AbsentError struct {
	Variant string // full name
	Custom  bool   // a shape of which no weights are published
	Remedy  string // the command line that brings them; empty: none is known
}

func (e *AbsentError) Error() string {
	if e.Custom {
		return "there are no weights of " + e.Variant + ": give a model file"
	}
	if e.Remedy == "" {
		return "the weights of " + e.Variant + " are not in this program: give a model file"
	}
	return fmt.Sprintf("the weights of %s are not here yet: %s", e.Variant, e.Remedy)
}

// UsageError is a name or an option that makes no sense.
type UsageError struct {
	Msg  string
	Near []string // known names that resemble the unknown one
}

func (e *UsageError) Error() string {
	if len(e.Near) == 0 {
		return e.Msg
	}
	return e.Msg + "; near: " + strings.Join(e.Near, ", ")
}
