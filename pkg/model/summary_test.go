package model

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/profile"
)

func summary(t *testing.T, name string, resolution int) Summary {
	t.Helper()
	v, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	if resolution == 0 {
		resolution = v.Resolution
	}
	return Summarize(v, profile.Symmetric, resolution, 1000, portable(t))
}

// The numbers are what torchvision 0.29 publishes with its weights.
func TestSummariesAreAsPublished(t *testing.T) {
	for _, c := range []struct {
		name       string
		resolution int
		params     int64
		macs       string // billions, three digits behind the point
	}{
		{"b0", 0, 5288548, "0.386"}, {"b1", 0, 7794184, "0.687"}, {"b2", 288, 9109994, "1.088"},
		{"b2", 260, 9109994, "0.994"}, {"b3", 0, 12233232, "1.827"}, {"b4", 0, 19341616, "4.394"},
		{"b5", 0, 30389784, "10.266"}, {"b6", 0, 43040704, "19.068"}, {"b7", 0, 66347960, "37.746"},
		{"v2-s", 0, 21458488, "8.366"}, {"v2-m", 0, 54139356, "24.582"}, {"v2-l", 0, 118515272, "56.080"},
	} {
		s := summary(t, c.name, c.resolution)
		if s.Params != c.params {
			t.Errorf("%s has %d parameters, want %d", c.name, s.Params, c.params)
		}
		if got := fmt.Sprintf("%.3f", float64(s.MACs)/1e9); got != c.macs {
			t.Errorf("%s at %d has %s billion MACs, want %s", c.name, s.Resolution, got, c.macs)
		}
	}
}

func TestSummariesAddUp(t *testing.T) {
	for _, name := range []string{"b0", "lite4", "v2-m", "d0.5,w0.3,r33"} {
		s := summary(t, name, 0)
		var stages, layers Cost
		blocks := 0
		for _, stage := range s.Stages {
			stages.add(stage.Cost)
			if stage.ExpandRatio > 0 {
				blocks += stage.Layers
			}
		}
		for _, l := range s.Layers {
			layers.add(l.Cost)
		}
		if stages != s.Cost || layers != s.Cost {
			t.Errorf("%s: stages %v, layers %v, total %v", name, stages, layers, s.Cost)
		}
		if want := len(s.Variant.Blocks()); blocks != want {
			t.Errorf("%s: %d blocks, want %d", name, blocks, want)
		}
		if s.ArenaBytes <= 0 || s.ArenaBytes >= s.ActivationBytes {
			t.Errorf("%s: arena of %d bytes, %d without reuse", name, s.ArenaBytes, s.ActivationBytes)
		}
	}
}

func TestStagesOfB0(t *testing.T) {
	type row struct {
		Name, Op               string
		Kernel, Stride, Layers int
		Out                    string
		Field                  Field
	}
	var got []row
	for _, s := range summary(t, "b0", 0).Stages {
		out := fmt.Sprintf("%d×%d×%d", s.Out.H, s.Out.W, s.Out.C)
		got = append(got, row{s.Name, s.Op, s.Kernel, s.Stride, s.Layers, out, s.Field})
	}
	want := []row{
		{"stem", "stem", 3, 2, 1, "112×112×32", Field{3, 2}},
		{"stages.0", "MBConv", 3, 1, 1, "112×112×16", Field{7, 2}},
		{"stages.1", "MBConv", 3, 2, 2, "56×56×24", Field{19, 4}},
		{"stages.2", "MBConv", 5, 2, 2, "28×28×40", Field{67, 8}},
		{"stages.3", "MBConv", 3, 2, 3, "14×14×80", Field{147, 16}},
		{"stages.4", "MBConv", 5, 1, 3, "14×14×112", Field{339, 16}},
		{"stages.5", "MBConv", 5, 2, 4, "7×7×192", Field{787, 32}},
		{"stages.6", "MBConv", 3, 1, 1, "7×7×320", Field{851, 32}},
		{"head", "pointwise", 1, 1, 1, "7×7×1280", Field{851, 32}},
		{"pool", "pool", 0, 0, 1, "1×1×1280", Field{1043, 224}},
		{"classifier", "linear", 0, 0, 1, "1×1×1000", Field{1043, 224}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a plan would do must be what a plan does.
func TestSummaryIsThePlans(t *testing.T) {
	for _, name := range []string{"b0", "v2-b0"} {
		v, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		prof := profile.ImageNet(64)
		plan, err := Compile(v, prof, Random(v.ParamSpecs(10), 1), portable(t))
		if err != nil {
			t.Fatal(err)
		}
		s := Summarize(v, prof.Padding, 64, 10, portable(t))
		if got, want := s.ArenaBytes, int64(plan.buffers.total)*4; got != want {
			t.Errorf("%s: arena of %d bytes, want %d", name, got, want)
		}
		operations := map[string]bool{}
		for _, op := range plan.operations {
			last, _ := op.outcome()
			operations[last.Name] = true
		}
		for _, l := range s.Layers {
			if !operations[l.Operation] {
				t.Errorf("%s is in the operation %q, which the plan lacks", l.Name, l.Operation)
			}
			delete(operations, l.Name)
		}
		if len(operations) > 0 {
			t.Errorf("no steps for the operations %v", operations)
		}
	}
}

func TestLayersOfABlock(t *testing.T) {
	got := map[string]string{}
	for _, l := range summary(t, "b0", 0).Layers {
		got[l.Name] = l.Operation
	}
	for name, want := range map[string]string{
		"stem": "stages.0.0.depthwise", "stages.1.1.expand": "stages.1.1.depthwise",
		"stages.1.1.depthwise": "stages.1.1.depthwise", "stages.1.1.se": "stages.1.1.se",
		"stages.1.1.project": "stages.1.1.project", "head": "head", "pool": "pool", "classifier": "classifier",
	} {
		if got[name] != want {
			t.Errorf("%s is computed in %q, want %q", name, got[name], want)
		}
	}
}

// Weights of 38 GB are counted without being there.
func TestSummaryOfAHugeShapeTakesNoMemory(t *testing.T) {
	v, err := Lookup("w50,r2048")
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := Summarize(v, profile.Same, v.Resolution, 1000, portable(t))
	runtime.ReadMemStats(&after)
	if s.WeightBytes() < 30e9 {
		t.Errorf("%d bytes of weights", s.WeightBytes())
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 100<<20 {
		t.Errorf("%d bytes were allocated", taken)
	}
}
