package kernels

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/effnet/effnet/internal/cpu"
	"github.com/google/go-cmp/cmp"
)

// proofs names the proof of each field of Set that holds kernels. A proof
// tells how many entries it ran.
var proofs = map[string]func(*testing.T, *Set) int{
	"gemm":      proveGEMM,
	"gemmHalf":  proveGEMMHalf,
	"depthwise": proveDepthwise,
	"Silu":      proveSilu,
	"Sigmoid":   proveSigmoid,
	"Sum":       proveSum,
	"Scale":     proveScale,
	"ScaleRows": proveScaleRows,
	"Add":       proveAdd,
	"Spin":      proveSpin,

	"WinogradInput":  proveWinogradInput,
	"WinogradOutput": proveWinogradOutput,

	"ReLU6Slope": proveReLU6Slope,
	"SiLUSlope":  proveSiLUSlope,
	"filterGrad": proveFilterGrad,
}

// optional fields may be empty.
var optional = map[string]bool{"gemmHalf": true}

// No kernel of no tier is left out: what reflection finds in a Set is what the
// proofs ran.
func TestEveryKernelOfEverySet(t *testing.T) {
	for _, s := range Sets() {
		t.Run(string(s.Tier), func(t *testing.T) {
			fields := reflect.ValueOf(s).Elem()
			for i := range fields.NumField() {
				name := fields.Type().Field(i).Name
				if !holdsKernels(fields.Type().Field(i).Type) {
					continue
				}
				t.Run(name, func(t *testing.T) {
					prove, ok := proofs[name]
					if !ok {
						t.Fatalf("nothing proves Set.%s", name)
					}
					have := kernelsIn(fields.Field(i))
					if proven := prove(t, s); proven != have || have == 0 && !optional[name] {
						t.Errorf("%d of %d kernels were run", proven, have)
					}
				})
			}
		})
	}
}

func holdsKernels(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array, reflect.Slice, reflect.Pointer, reflect.Map:
		return holdsKernels(t.Elem())
	case reflect.Struct:
		return slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return holdsKernels(f.Type) })
	}
	return t.Kind() == reflect.Func
}

// kernelsIn counts the functions of a field: it knows functions and arrays.
func kernelsIn(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.Func:
		if !v.IsNil() {
			n = 1
		}
	case reflect.Array:
		for i := range v.Len() {
			n += kernelsIn(v.Index(i))
		}
	default:
		panic("kernels in a " + v.Kind().String())
	}
	return n
}

// A product cut into tiles may ask for any height up to the tallest, and a
// depthwise convolution for any width and every shape of the family.
func TestTablesHaveNoGaps(t *testing.T) {
	for _, s := range Sets() {
		if s.tileRows(1) == 0 {
			t.Errorf("%s: no tiles of one block", s.Tier)
		}
		for v := range s.gemm {
			for r := 1; v > 0 && r <= s.tileRows(v); r++ {
				if s.gemm[v][r] == nil {
					t.Errorf("%s: no tile %d×%d under the tallest of %d rows", s.Tier, v, r, s.tileRows(v))
				}
				if v > 1 && s.tileRows(v-1) == 0 {
					t.Errorf("%s: tiles of %d blocks but not of %d", s.Tier, v, v-1)
				}
			}
		}
		for _, k := range []int{3, 5} {
			for stride := 1; stride <= 2; stride++ {
				widest := 0
				for c, f := range s.depthwise[k][stride] {
					if f != nil {
						widest = c
					}
				}
				for c := 1; c <= max(1, widest); c++ {
					if s.depthwise[k][stride][c] == nil {
						t.Errorf("%s: no depthwise %d×%d stride %d for %d columns", s.Tier, k, k, stride, c)
					}
				}
			}
		}
	}
}

func TestSplit(t *testing.T) {
	for most := 1; most <= 14; most++ {
		for n := 1; n <= 60; n++ {
			pieces, size, big := split(n, most)
			largest := size
			if big > 0 {
				largest++
			}
			if big*(size+1)+(pieces-big)*size != n || largest > most || size == 0 || big >= pieces || (pieces-1)*most >= n {
				t.Errorf("split(%d, %d) = %d, %d, %d", n, most, pieces, size, big)
			}
		}
	}
}

func TestSetsOfTheBuild(t *testing.T) {
	var tiers []cpu.Tier
	for _, s := range builtIn() {
		tiers = append(tiers, s.Tier)
	}
	if d := cmp.Diff(expectedTiers, tiers); d != "" {
		t.Errorf("built in (-want +got):\n%s", d)
	}
	if s := Sets(); s[0].Tier != cpu.Generic {
		t.Errorf("the first set is %s", s[0].Tier)
	}
}

// envRequired names the tier that Best must choose. A runner that is to test a
// tier sets it, so that no other can pass for it.
const envRequired = "EFFNET_REQUIRE_TIER"

func TestRequiredTierIsChosen(t *testing.T) {
	want := cpu.Tier(os.Getenv(envRequired))
	if want == "" {
		want = cpu.Tier(os.Getenv(cpu.EnvCap))
	}
	if want == "" {
		machine := cpu.Detect()
		for _, tier := range expectedTiers {
			if machine.Has(tier) {
				want = tier
			}
		}
	}
	s, err := Best()
	if err != nil {
		t.Fatal(err)
	}
	if s.Tier != want {
		t.Errorf("Best chose %s, required is %s", s.Tier, want)
	}
}

func TestBestHonoursTheCap(t *testing.T) {
	for _, s := range Sets() {
		t.Setenv(cpu.EnvCap, string(s.Tier))
		if got, err := Best(); err != nil || got.Tier != s.Tier {
			t.Errorf("%s=%s: Best gives %v, %v", cpu.EnvCap, s.Tier, got, err)
		}
		if got, err := Lookup(s.Tier); err != nil || got.Tier != s.Tier {
			t.Errorf("Lookup(%s) = %v, %v", s.Tier, got, err)
		}
	}
	t.Setenv(cpu.EnvCap, "mmx")
	if s, err := Best(); err == nil {
		t.Errorf("%s=mmx: Best gives %s", cpu.EnvCap, s.Tier)
	}
	if s, err := Lookup("mmx"); err == nil {
		t.Errorf("Lookup(mmx) = %s", s.Tier)
	}
}
