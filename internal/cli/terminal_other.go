//go:build !unix && !windows

package cli

import "os"

func terminalColumns(*os.File) int { return 0 }
