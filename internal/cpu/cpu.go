// Package cpu tells which vector instructions this machine offers, how large
// its caches are, and which tier of kernels is to be used.
package cpu

import (
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/cpu"
)

// Tier names a set of kernels by the instructions it needs.
type Tier string

// The tiers, by the instructions they need.
const (
	Generic Tier = "generic" // portable Go
	AVX2    Tier = "avx2"    // AVX2 and FMA
	AVX512  Tier = "avx512"  // AVX-512 F, BW, CD, DQ and VL, on top of AVX2
	NEON    Tier = "neon"    // Advanced SIMD of arm64
)

// words lists every tier, each architecture's own in rising order.
var words = []Tier{Generic, AVX2, AVX512, NEON}

// Words returns the name of every tier that exists on any machine.
func Words() []Tier { return slices.Clone(words) }

// Info describes the machine.
type Info struct {
	Tiers    []Tier   // tiers that this CPU and operating system can run, best last
	Features []string // instruction set extensions that matter here, in lower case
	Cache
}

// Has tells whether the machine can run the tier.
func (i Info) Has(t Tier) bool { return slices.Contains(i.Tiers, t) }

// Detect reads the machine's features and cache sizes. It ignores EFFNET_CPU.
func Detect() Info {
	f := machine()
	return Info{
		Tiers:    f.tiers(),
		Features: f.names(),
		Cache:    readCache(os.DirFS(sysfsCache)),
	}
}

// feature is an instruction set extension and whether it may be used.
type feature struct {
	name string
	has  bool
}

type features []feature

// machine asks the CPU; what the operating system does not save counts as absent.
func machine() features {
	if runtime.GOARCH == "arm64" {
		a := &cpu.ARM64
		return features{
			{"asimd", true}, // part of every arm64 that Go runs on
			{"fphp", a.HasFPHP}, {"asimdhp", a.HasASIMDHP}, {"asimddp", a.HasASIMDDP},
			{"asimdfhm", a.HasASIMDFHM}, {"i8mm", a.HasI8MM}, {"sve", a.HasSVE}, {"sve2", a.HasSVE2},
		}
	}
	x := &cpu.X86
	return features{
		{"sse4.1", x.HasSSE41}, {"sse4.2", x.HasSSE42},
		{"avx", x.HasAVX}, {"avx2", x.HasAVX2}, {"fma", x.HasFMA}, {"f16c", x.HasF16C},
		{"avx512f", x.HasAVX512F}, {"avx512bw", x.HasAVX512BW}, {"avx512cd", x.HasAVX512CD},
		{"avx512dq", x.HasAVX512DQ}, {"avx512vl", x.HasAVX512VL},
		{"avx512vnni", x.HasAVX512VNNI}, {"avx512bf16", x.HasAVX512BF16}, {"avxvnni", x.HasAVXVNNI},
		{"amx-tile", x.HasAMXTile}, {"amx-int8", x.HasAMXInt8}, {"amx-bf16", x.HasAMXBF16},
	}
}

func (f features) has(names ...string) bool {
	for _, n := range names {
		if !slices.Contains(f, feature{n, true}) {
			return false
		}
	}
	return true
}

func (f features) names() []string {
	var out []string
	for _, x := range f {
		if x.has {
			out = append(out, x.name)
		}
	}
	return out
}

// tiers lists what f can run, best last.
func (f features) tiers() []Tier {
	t := []Tier{Generic}
	if f.has("asimd") {
		t = append(t, NEON)
	}
	if !f.has("avx", "avx2", "fma") {
		return t
	}
	t = append(t, AVX2)
	if f.has("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl") {
		t = append(t, AVX512)
	}
	return t
}
