package model

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLookupShapes(t *testing.T) {
	for _, c := range []struct {
		name, want   string
		depth, width float64
		resolution   int
	}{
		{"d1.3,w1.15,r272", "d1.3,w1.15,r272", 1.3, 1.15, 272},
		{"r272,d1.30", "d1.3,w1,r272", 1.3, 1, 272},
		{"b0:w2", "d1,w2,r224", 1, 2, 224},
		{"d3", "d3,w1,r224", 3, 1, 224},
		{"lite0:d1.3", "lite0:d1.3,w1,r224", 1.3, 1, 224},
		{"efficientnet-l2:r475", "l2:d1,w1,r475", 5.3, 4.3, 475},
		{"d1,w1,r224", "efficientnet-b0", 1, 1, 224},
		{"v2-s:w1.0", "efficientnet-v2-s", 1, 1, 384},
		{"w1e0,d1", "efficientnet-b0", 1, 1, 224},
	} {
		v, err := Lookup(c.name)
		if err != nil {
			t.Errorf("%q: %v", c.name, err)
			continue
		}
		if v.Name != c.want || v.DepthMult != c.depth || v.WidthMult != c.width || v.Resolution != c.resolution {
			t.Errorf("%q is %s: %v deep, %v wide, %d pixels", c.name, v.Name, v.DepthMult, v.WidthMult, v.Resolution)
		}
		again, err := Lookup(v.Name)
		if err != nil {
			t.Errorf("%q: %v", v.Name, err)
		}
		if diff := cmp.Diff(v.Blocks(), again.Blocks()); diff != "" {
			t.Errorf("%q and its name differ: %s", c.name, diff)
		}
	}
}

func TestImpossibleShapes(t *testing.T) {
	for name, want := range map[string]string{
		"r8":              "resolution 8 is not from 32 to 4096",
		"r4097":           "resolution 4097 is not",
		"r224.5":          `"224.5" is not a whole number`,
		"r99999999999999": "resolution 99999999999999 is not",
		"w0":              "width 0 is not from 0.01 to 100",
		"w-1":             "width -1 is not",
		"wNaN":            "width NaN is not",
		"winf":            "width +Inf is not",
		"w34359738368":    "width 3.4359738368e+10 is not", // 2^40 channels
		"w1e999":          "1e999 is out of range",
		"d1e9":            "depth 1e+09 is not",
		"d-0":             "depth -0 is not",
		"w100,d2":         "GB of parameters are more than 64 GB",
		"b7:d100":         "blocks are more than 4096",
		"w50,r4096":       "an activation map of",
		"d1,d2":           "d is given twice",
		"d1,x2":           `"x2" is none of d (depth), w (width), r (resolution)`,
		"d1,":             `"" is none of`,
		"b0:":             `"" is none of`,
		"d1,w":            `"" is not a number`,
		"d1,é":            `"é" is none of`,
	} {
		v, err := Lookup(name)
		var shape *ShapeError
		if !errors.As(err, &shape) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %s, %v; want %q", name, v.Name, err, want)
		}
	}
}

func TestUnknownNamesGiveNearOnes(t *testing.T) {
	for name, want := range map[string]string{
		"b77":               `unknown variant "b77"; near: efficientnet-b7`,
		"efficientnet-lit0": `unknown variant "efficientnet-lit0"; near: efficientnet-lite0`,
		"B9":                `unknown variant "B9"; near: efficientnet-b0`,
		"resnet152":         `unknown variant "resnet152"`,
		"b77:d1.1":          `unknown variant "b77"; near: efficientnet-b7`,
		"d1.3x":             `unknown variant "d1.3x"`,
		"":                  `unknown variant ""`,
	} {
		_, err := Lookup(name)
		var unknown *UnknownError
		if !errors.As(err, &unknown) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// B1 to B8 and L2 are B0 under their published multipliers.
func TestTheFamilyIsScaledB0(t *testing.T) {
	b0, err := Lookup("b0")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range Variants() {
		if v.Stages[0] != b0.Stages[0] || v.FixedEnds {
			continue
		}
		scaled, err := Scale(b0, v.DepthMult, v.WidthMult, v.Resolution)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v.Blocks(), scaled.Blocks()); diff != "" || scaled.HeadChannels() != v.HeadChannels() {
			t.Errorf("%s is not %s: %s", scaled.Name, v.Name, diff)
		}
	}
}

func TestScalingOfAScaledVariant(t *testing.T) {
	lite, err := Lookup("lite0:d1.5,w2")
	if err != nil {
		t.Fatal(err)
	}
	v, err := Scale(lite, 2, 0.5, 192)
	if err != nil || v.Name != "lite0:d3,w1,r192" {
		t.Errorf("%s, %v", v.Name, err)
	}
	if _, err := Scale(lite, 1, 60, 192); err == nil {
		t.Error("twice 60 is not out of range")
	}
}

func TestCompoundScale(t *testing.T) {
	b0, err := Lookup("b0")
	if err != nil {
		t.Fatal(err)
	}
	for phi, want := range map[float64]string{
		0: "efficientnet-b0", 1: "d1.2,w1.1,r258", 2: "d1.44,w1.21,r296", -1: "d0.833333,w0.909091,r195",
		0.5: "d1.095445,w1.048809,r240",
	} {
		if v, err := PaperCompound.Scale(b0, phi); err != nil || v.Name != want {
			t.Errorf("φ %v gives %s, %v; want %s", phi, v.Name, err, want)
		}
	}
	for _, phi := range []float64{math.NaN(), math.Inf(1), 1e300, -40, 30} {
		if v, err := PaperCompound.Scale(b0, phi); err == nil {
			t.Errorf("φ %v gives %s", phi, v.Name)
		}
	}
	for _, c := range []Compound{{0, 1.1, 1.15}, {1.2, math.NaN(), 1.15}, {1.2, 1.1, math.Inf(1)}, {-1.2, 1.1, 1.15}} {
		if v, err := c.Scale(b0, 1); err == nil {
			t.Errorf("%v gives %s", c, v.Name)
		}
	}
	if g := PaperCompound.Growth(); math.Abs(g-1.92027) > 1e-5 {
		t.Errorf("α·β²·γ² = %v", g)
	}
}

func FuzzLookup(f *testing.F) {
	for _, s := range []string{"b0", "d1.3,w1.15,r272", "lite0:d2", "r8", "wNaN", "d1e9", "w99,d99,r4096", ":", "d0x1p-3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		v, err := Lookup(name)
		if err != nil {
			return
		}
		again, err := Lookup(v.Name)
		if err != nil || again.Name != v.Name {
			t.Errorf("%q is %q, which is %q, %v", name, v.Name, again.Name, err)
		}
		if n := len(v.Blocks()); n == 0 || n > maxBlocks {
			t.Errorf("%q has %d blocks", name, n)
		}
	})
}
