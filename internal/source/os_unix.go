//go:build unix

package source

import (
	"os"
	"strconv"
	"syscall"
)

// nonblock keeps open from waiting for the other end of a pipe.
const nonblock = syscall.O_NONBLOCK

// identity names the real folder behind name.
func identity(name string) (string, error) {
	info, err := os.Stat(orDot(name))
	if err != nil {
		return "", err
	}
	st := info.Sys().(*syscall.Stat_t)
	return strconv.FormatUint(uint64(st.Dev), 36) + ":" + strconv.FormatUint(uint64(st.Ino), 36), nil
}
