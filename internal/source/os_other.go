//go:build !unix

package source

import "path/filepath"

const nonblock = 0

// identity names the real folder behind name.
func identity(name string) (string, error) {
	abs, err := filepath.Abs(orDot(name))
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}
