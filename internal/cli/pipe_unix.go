//go:build unix

package cli

import (
	"errors"
	"os/signal"
	"syscall"
)

// keepBrokenPipes makes a write to a pipe that nobody reads an error, not a death.
func keepBrokenPipes() { signal.Ignore(syscall.SIGPIPE) }

func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
