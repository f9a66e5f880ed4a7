package cpu

import (
	"math"
	"testing"
	"testing/fstest"
)

func TestQuota(t *testing.T) {
	none := math.Inf(1)
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  float64
	}{
		{"nothing known", nil, none},
		{"version 2, none", map[string]string{
			"proc/self/cgroup": "0::/user.slice\n", "sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
		}, none},
		{"version 2, own group", map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "150000 100000\n",
		}, 1.5},
		{"version 2, a group above", map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n", "sys/fs/cgroup/a/cpu.max": "20000 10000\n",
		}, 2},
		{"version 2, container", map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n",
		}, 0.5},
		{"version 1", map[string]string{
			"proc/self/cgroup": "9:memory:/x\n4:cpu,cpuacct:/x\n0::/\n",
			"sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us":         "300000\n",
			"sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us":        "100000\n",
			"sys/fs/cgroup/memory/x/cpu.cfs_quota_us":              "1\n",
			"sys/fs/cgroup/memory/x/cpu.cfs_period_us":             "1\n",
			"sys/fs/cgroup/cpu,cpuacct/unrelated/cpu.cfs_quota_us": "1\n",
		}, 3},
		{"version 1, container that sees the host's path", map[string]string{
			"proc/self/cgroup":                    "4:cpu,cpuacct:/docker/0123\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":  "100000\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
		}, 1},
		{"version 1, none", map[string]string{
			"proc/self/cgroup":                    "4:cpu:/\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":  "-1\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
		}, none},
		{"no numbers", map[string]string{
			"proc/self/cgroup": "0::/\nx\n\n", "sys/fs/cgroup/cpu.max": "many 0\n",
		}, none},
		{"no period", map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "5 0\n",
		}, none},
		{"path out of the tree", map[string]string{
			"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/cpu.max": "100000 100000\n",
		}, 1},
	} {
		root := fstest.MapFS{}
		for name, text := range tt.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := quota(root); got != tt.want {
			t.Errorf("%s: %v CPUs, want %v", tt.name, got, tt.want)
		}
	}
}
