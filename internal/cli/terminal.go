package cli

import (
	"io"
	"os"
)

const defaultColumns = 80

// columns is the width of the terminal behind w, 0 where there is none.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		return terminalColumns(f)
	}
	return 0
}

// colorful tells whether a terminal is to be written to in colours (no-color.org).
func colorful() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }
