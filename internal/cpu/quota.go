package cpu

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// Confined tells whether a control group grants the process less time than the
// CPUs it may run on have. A thread that waits busily then takes time from the
// ones that work.
func Confined() bool {
	return runtime.GOOS == "linux" && quota(os.DirFS("/")) < float64(runtime.NumCPU())
}

// quota is how many CPUs' time the control groups of the process grant it in
// the long run, +Inf where they do not limit it. root is the file system with
// /proc and /sys.
func quota(root fs.FS) float64 {
	least := math.Inf(1)
	for line := range strings.Lines(read(root, "proc/self/cgroup")) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) < 3 {
			continue
		}
		controllers, group := fields[1], strings.TrimPrefix(path.Clean(fields[2]), "/")
		mount, limit := "", quotaOfVersion2
		for _, c := range strings.Split(controllers, ",") {
			if c == "cpu" {
				mount, limit = controllers, quotaOfVersion1
			}
		}
		if controllers != "" && mount == "" {
			continue
		}
		// A group is bound by those above it; seen from a container, the upper
		// part of the path does not exist and its own group is the root.
		for _, m := range []string{mount, "cpu"} {
			for dir := group; ; dir = path.Dir(dir) {
				least = min(least, limit(root, path.Join("sys/fs/cgroup", m, dir)))
				if dir == "." || dir == "" {
					break
				}
			}
		}
	}
	return least
}

func read(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return string(b)
}

// quotaOfVersion2 reads "50000 100000", or "max 100000" where there is no limit.
func quotaOfVersion2(root fs.FS, dir string) float64 {
	fields := strings.Fields(read(root, path.Join(dir, "cpu.max")))
	if len(fields) < 2 {
		return math.Inf(1)
	}
	return share(fields[0], fields[1])
}

func quotaOfVersion1(root fs.FS, dir string) float64 {
	return share(
		strings.TrimSpace(read(root, path.Join(dir, "cpu.cfs_quota_us"))),
		strings.TrimSpace(read(root, path.Join(dir, "cpu.cfs_period_us"))),
	)
}

// share is +Inf where there is no limit.
func share(quota, period string) float64 {
	q, err := strconv.ParseInt(quota, 10, 64)
	if err != nil || q <= 0 {
		return math.Inf(1)
	}
	p, err := strconv.ParseInt(period, 10, 64)
	if err != nil || p <= 0 {
		return math.Inf(1)
	}
	return float64(q) / float64(p)
}
