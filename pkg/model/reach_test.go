package model

import (
	"math"
	"testing"
)

func TestReachComesAsNearAsRoundingLets(t *testing.T) {
	for _, c := range []struct {
		base    string
		times   float64
		scaling Scaling
		within  float64 // relative
	}{
		{"b0", 4, CompoundScaling, 0.02}, {"b0", 4, DepthScaling, 0.04}, {"b0", 4, WidthScaling, 0.04}, {"b0", 4, ResolutionScaling, 0.02},
		{"b0", 0.5, CompoundScaling, 0.05}, {"b0", 0.5, WidthScaling, 0.05}, {"b0", 0.5, ResolutionScaling, 0.05},
		{"v2-s", 2, DepthScaling, 0.04}, {"lite0", 3, WidthScaling, 0.04}, {"b4", 1, CompoundScaling, 0},
	} {
		base, err := Lookup(c.base)
		if err != nil {
			t.Fatal(err)
		}
		target := int64(c.times * float64(base.MACs(1000)))
		x, v, err := PaperCompound.Reach(base, c.scaling, target, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if off := math.Abs(float64(v.MACs(1000))/float64(target) - 1); off > c.within {
			t.Errorf("%s of %s by %v, to %v times: off by %v with %s", c.scaling, c.base, x, c.times, off, v.Name)
		}
	}
}

// No neighbour of what Reach finds is nearer.
func TestReachIsBestOnWholePixels(t *testing.T) {
	base, err := Lookup("b0")
	if err != nil {
		t.Fatal(err)
	}
	const target = 1_700_000_000
	_, v, err := PaperCompound.Reach(base, ResolutionScaling, target, 1000)
	if err != nil {
		t.Fatal(err)
	}
	got := abs(v.MACs(1000) - target)
	for r := 32; r <= 1024; r++ {
		other, err := Scale(base, 1, 1, r)
		if err != nil {
			t.Fatal(err)
		}
		if off := abs(other.MACs(1000) - target); off < got {
			t.Errorf("%s is off by %d, %s by %d", v.Name, got, other.Name, off)
		}
	}
}

func TestReachKeepsOneScaling(t *testing.T) {
	base, err := Lookup("b1")
	if err != nil {
		t.Fatal(err)
	}
	target := 3 * base.MACs(1000)
	for scaling, kept := range map[Scaling]func(v Variant) bool{
		DepthScaling:      func(v Variant) bool { return v.WidthMult == base.WidthMult && v.Resolution == base.Resolution },
		WidthScaling:      func(v Variant) bool { return v.DepthMult == base.DepthMult && v.Resolution == base.Resolution },
		ResolutionScaling: func(v Variant) bool { return v.WidthMult == base.WidthMult && v.DepthMult == base.DepthMult },
		CompoundScaling: func(v Variant) bool {
			return v.DepthMult > base.DepthMult && v.WidthMult > base.WidthMult && v.Resolution > base.Resolution
		},
	} {
		if x, v, err := PaperCompound.Reach(base, scaling, target, 1000); err != nil || x <= 0 || !kept(v) {
			t.Errorf("%s gives %v, %s, %v", scaling, x, v.Name, err)
		}
	}
	if _, _, err := (Compound{1.2, math.NaN(), 1.15}).Reach(base, CompoundScaling, target, 1000); err == nil {
		t.Error("β = NaN is no error")
	}
}

// Depth alone cannot make a network smaller than one layer a stage.
func TestReachOfWhatCannotBeReached(t *testing.T) {
	base, err := Lookup("b0")
	if err != nil {
		t.Fatal(err)
	}
	_, v, err := PaperCompound.Reach(base, DepthScaling, 1_000_000, 1000)
	if err != nil || len(v.Blocks()) != len(base.Stages) {
		t.Errorf("%s, %v", v.Name, err)
	}
	if _, v, err = PaperCompound.Reach(base, ResolutionScaling, math.MaxInt64, 1000); err != nil || v.Resolution < 4000 {
		t.Errorf("%s, %v", v.Name, err)
	}
}
