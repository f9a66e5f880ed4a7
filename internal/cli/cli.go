// Package cli is the command line: one file a command, each with its options, the
// flags that fill them, and the work that uses them.
package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/effnet/effnet/pkg/classify"
)

// Exit codes.
const (
	exitOK          = 0
	exitViolated    = 1
	exitUsage       = 2
	exitInputs      = 3
	exitModel       = 4
	exitOutput      = 5
	exitInterrupted = 130
)

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// exitError ends the program with a code, and with a message where there is one.
type exitError struct {
	code int
	err  error // nil: all has been said
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error { return &exitError{exitUsage, err} }

// Main runs the command line of this process and returns its exit code.
func Main() int {
	keepBrokenPipes()
	ctx, stop := interruptible(context.Background(), func() { os.Exit(exitInterrupted) })
	defer stop()
	return run(ctx, Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:])
}

func run(ctx context.Context, s Streams, args []string) int {
	out := &firstError{w: s.Out}
	root := newRootCmd(s, out)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if out.err != nil {
		err = written(0, out.err)
	}
	if err == nil {
		return exitOK
	}
	code := codeOf(err)
	if err.Error() != "" && code != exitOK {
		newConsole(s.Err).say(err.Error())
	}
	return code
}

// firstError keeps the error of writing what cobra itself prints (help, completion,
// version), which drops it.
type firstError struct {
	w   io.Writer
	err error
}

func (f *firstError) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if f.err == nil {
		f.err = err
	}
	return n, err
}

// codeOf is the exit code of an error. One without a code of its own can only come
// from reading the command line or from writing to stdout.
func codeOf(err error) int {
	var exit *exitError
	var wrongUse *classify.UsageError
	var refused *classify.ModelError
	switch {
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &wrongUse):
		return exitUsage
	case errors.As(err, &refused):
		return exitModel
	case isBrokenPipe(err):
		return exitOK
	}
	return exitUsage
}
