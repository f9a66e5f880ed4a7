package cpu

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// Cache holds the sizes in bytes of the data (or unified) caches that one core
// sees; where the machine does not tell a size, a common one stands for it.
type Cache struct{ L1D, L2, L3 int }

var defaultCache = Cache{L1D: 32 << 10, L2: 1 << 20, L3: 16 << 20}

// sysfsCache is where Linux describes the caches of the first CPU, one folder
// indexN a cache with the files level, type and size.
const sysfsCache = "/sys/devices/system/cpu/cpu0/cache"

// readCache reads the sizes from a tree laid out as sysfsCache.
func readCache(sysfs fs.FS) Cache {
	c := defaultCache
	dirs, err := fs.Glob(sysfs, "index[0-9]*")
	if err != nil {
		return c
	}
	for _, dir := range dirs {
		read := func(name string) string {
			b, err := fs.ReadFile(sysfs, path.Join(dir, name))
			if err != nil {
				return ""
			}
			return strings.TrimSpace(string(b))
		}
		size, ok := parseSize(read("size"))
		if !ok || read("type") == "Instruction" {
			continue
		}
		switch read("level") {
		case "1":
			c.L1D = size
		case "2":
			c.L2 = size
		case "3":
			c.L3 = size
		}
	}
	return c
}

// parseSize reads a positive size such as "48K"; the units K, M and G are binary.
func parseSize(s string) (bytes int, ok bool) {
	shift := 0
	if n := len(s); n > 0 {
		switch s[n-1] {
		case 'K':
			shift = 10
		case 'M':
			shift = 20
		case 'G':
			shift = 30
		}
		if shift > 0 {
			s = s[:n-1]
		}
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n == 0 || n > math.MaxInt>>shift {
		return 0, false
	}
	return int(n) << shift, true
}
