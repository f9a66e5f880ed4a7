package cpu

import (
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func with(names ...string) features {
	var f features
	for _, n := range names {
		f = append(f, feature{n, true})
	}
	return f
}

func TestTiers(t *testing.T) {
	avx512 := []string{"avx", "avx2", "fma", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
	tests := map[string]struct {
		f    features
		want []Tier
	}{
		"bare":             {nil, []Tier{Generic}},
		"avx2 without fma": {with("avx", "avx2"), []Tier{Generic}},
		"fma without avx2": {with("avx", "fma"), []Tier{Generic}},
		"avx2":             {with("avx", "avx2", "fma"), []Tier{Generic, AVX2}},
		"avx512":           {with(avx512...), []Tier{Generic, AVX2, AVX512}},
		"avx512 alone":     {with(avx512[3:]...), []Tier{Generic}},
		"arm64":            {with("asimd"), []Tier{Generic, NEON}},
		"named, not there": {features{{"avx", true}, {"avx2", true}, {"fma", false}}, []Tier{Generic}},
	}
	for name, tt := range tests {
		if d := cmp.Diff(tt.want, tt.f.tiers()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	for i := 3; i < len(avx512); i++ {
		without := slices.Delete(slices.Clone(avx512), i, i+1)
		if got := with(without...).tiers(); slices.Contains(got, AVX512) {
			t.Errorf("without %s: tiers %v", avx512[i], got)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []Tier{Generic, AVX2, AVX512}
	tests := []struct {
		limit            string
		machine, builtIn []Tier
		want             Tier
		wantErr          string
	}{
		{limit: "", machine: all, builtIn: all, want: AVX512},
		{limit: "avx512", machine: all, builtIn: all, want: AVX512},
		{limit: "avx2", machine: all, builtIn: all, want: AVX2},
		{limit: "generic", machine: all, builtIn: all, want: Generic},
		{limit: "", machine: all, builtIn: []Tier{AVX2, Generic}, want: AVX2},
		{limit: "", machine: all, builtIn: []Tier{AVX512, AVX2, Generic}, want: AVX512},
		{limit: "", machine: all, builtIn: nil, want: Generic},
		{limit: "generic", machine: all, builtIn: nil, want: Generic},
		{limit: "", machine: []Tier{Generic, NEON}, builtIn: []Tier{Generic}, want: Generic},
		{limit: "sse", machine: all, builtIn: all,
			wantErr: `EFFNET_CPU="sse" is not a CPU tier (there are generic, avx2, avx512, neon)`},
		{limit: "AVX2", machine: all, builtIn: all,
			wantErr: `EFFNET_CPU="AVX2" is not a CPU tier (there are generic, avx2, avx512, neon)`},
		{limit: "neon", machine: all, builtIn: all,
			wantErr: `EFFNET_CPU=neon: this CPU lacks the tier neon (it has generic, avx2, avx512)`},
		{limit: "avx512", machine: all[:2], builtIn: all,
			wantErr: `EFFNET_CPU=avx512: this CPU lacks the tier avx512 (it has generic, avx2)`},
		{limit: "avx2", machine: all, builtIn: []Tier{Generic},
			wantErr: `EFFNET_CPU=avx2: this build lacks the tier avx2 (it has generic)`},
	}
	for _, tt := range tests {
		got, err := choose(tt.limit, tt.machine, tt.builtIn)
		var msg string
		if err != nil {
			msg = err.Error()
		}
		if got != tt.want || msg != tt.wantErr {
			t.Errorf("choose(%q, %v, %v) = %q, %q; want %q, %q",
				tt.limit, tt.machine, tt.builtIn, got, msg, tt.want, tt.wantErr)
		}
	}
}

func TestSelectReadsTheEnvironment(t *testing.T) {
	t.Setenv(EnvCap, "generic")
	if got, err := Select(Words()); got != Generic || err != nil {
		t.Errorf("Select under generic = %q, %v", got, err)
	}
	t.Setenv(EnvCap, "mmx")
	if _, err := Select(Words()); err == nil {
		t.Error("Select under mmx: no error")
	}
	t.Setenv(EnvCap, "")
	if !Detect().Has(Generic) || Detect().Has("mmx") {
		t.Errorf("Detect().Tiers = %v", Detect().Tiers)
	}
	tiers := Detect().Tiers
	if got, err := Select(Words()); got != tiers[len(tiers)-1] || err != nil {
		t.Errorf("Select = %q, %v; the machine has %v", got, err, tiers)
	}
}

func TestReadCache(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s + "\n")} }
	tree := fstest.MapFS{
		"index0/level": file("1"), "index0/type": file("Data"), "index0/size": file("48K"),
		"index1/level": file("1"), "index1/type": file("Instruction"), "index1/size": file("64K"),
		"index2/level": file("2"), "index2/type": file("Unified"), "index2/size": file("2048K"),
		"index3/level": file("3"), "index3/type": file("Unified"), "index3/size": file("33M"),
		"index4/level": file("4"), "index4/type": file("Unified"), "index4/size": file("1G"),
		"index5/level": file("3"), "index5/type": file("Unified"), "index5/size": file("none"),
		"uevent": file(""),
	}
	want := Cache{L1D: 48 << 10, L2: 2 << 20, L3: 33 << 20}
	if d := cmp.Diff(want, readCache(tree)); d != "" {
		t.Errorf("whole tree (-want +got):\n%s", d)
	}
	if d := cmp.Diff(defaultCache, readCache(fstest.MapFS{})); d != "" {
		t.Errorf("no tree (-want +got):\n%s", d)
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int{
		"48K": 48 << 10, "1M": 1 << 20, "512": 512,
		"": 0, "K": 0, "0K": 0, "-1K": 0, "1 K": 0, "9999999999": 0, "1T": 0,
	} {
		if got, ok := parseSize(s); got != want || ok != (want > 0) {
			t.Errorf("parseSize(%q) = %d, %v; want %d", s, got, ok, want)
		}
	}
}

// A runner that names a tier fails here where the machine lacks it, so that
// no other tier can pass for the one that was to be tested.
func TestTierOfTheRunner(t *testing.T) {
	want := Tier(os.Getenv(EnvCap))
	if want == "" {
		want = Detect().Tiers[len(Detect().Tiers)-1]
	}
	if got, err := Select(Words()); got != want || err != nil {
		t.Errorf("%s/%s: Select = %q, %v; want %q", runtime.GOOS, runtime.GOARCH, got, err, want)
	}
}
