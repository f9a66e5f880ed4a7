//go:build unix

package testkit

import "golang.org/x/sys/unix"

const guarding = true

// guardedPages maps size bytes with one inaccessible granule on either side.
func guardedPages(size, granule int) ([]byte, error) {
	all, err := unix.Mmap(-1, 0, size+2*granule, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	inner := all[granule : granule+size : granule+size]
	return inner, unix.Mprotect(inner, unix.PROT_READ|unix.PROT_WRITE)
}
