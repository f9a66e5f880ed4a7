package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// terminalColumns is the width of the terminal that f is, 0 where it is none or one
// that does not know ANSI sequences.
func terminalColumns(f *os.File) int {
	h := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(h, &mode) != nil {
		return 0
	}
	if windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
		return 0
	}
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(h, &info) != nil {
		return defaultColumns
	}
	return int(info.Window.Right-info.Window.Left) + 1
}
