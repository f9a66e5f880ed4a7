package model_test

import (
	"testing"

	"github.com/effnet/effnet/pkg/model"
)

// unstaged forgets what weights do not tell.
func unstaged(o model.Outline) model.Outline {
	for i := range o.Blocks {
		o.Blocks[i].Stage, o.Blocks[i].Index = 0, 0
	}
	return o
}

func TestMatchFindsEveryRow(t *testing.T) {
	for _, v := range model.Variants() {
		got, ok := model.Match(unstaged(v.Outline()), 99)
		if !ok || got.Name != v.Name {
			t.Errorf("%s: %q, %v", v.Name, got.Name, ok)
		}
	}
}

func TestMatchFindsCustomShapes(t *testing.T) {
	for _, name := range []string{
		"d0.2,w0.1,r64", "d1.3,w1.15,r272", "d0.01,w0.01,r32", "w0.25", "d3", "lite0:d0.2,w0.1,r64", "lite0:w2",
		"v2-b0:d0.2,w0.1,r64", "v2-s:w0.3", "v2-m:d0.5,w0.7", "v2-l:d0.2", "v2-xl:w0.2,r64", "b3:d1.1,w1.1",
	} {
		want := variant(t, name)
		got, ok := model.Match(unstaged(want.Outline()), want.Resolution)
		if !ok {
			t.Errorf("%s: no match", name)
			continue
		}
		if !got.Outline().Equal(want.Outline()) || got.Resolution != want.Resolution {
			t.Errorf("%s: found %s", name, got.Name)
		}
		if again := variant(t, got.Name); !again.Outline().Equal(want.Outline()) {
			t.Errorf("%s: %s is another network", name, got.Name)
		}
	}
	if v, _ := model.Match(variant(t, "d1.3,w1.15,r272").Outline(), 272); v.DepthMult != 1.3 {
		t.Errorf("depth %v", v.DepthMult)
	}
}

func TestMatchRefuses(t *testing.T) {
	for name, change := range map[string]func(o *model.Outline){
		"head":            func(o *model.Outline) { o.Head += 4 },
		"stem":            func(o *model.Outline) { o.Stem += 8 },
		"activation":      func(o *model.Outline) { o.Activation = 0 },
		"kernel":          func(o *model.Outline) { o.Blocks[3].KernelSize = 7 },
		"block too many":  func(o *model.Outline) { o.Blocks = append(o.Blocks, o.Blocks[15]) },
		"block too few":   func(o *model.Outline) { o.Blocks = o.Blocks[:15] },
		"no blocks":       func(o *model.Outline) { o.Blocks = nil },
		"squeeze":         func(o *model.Outline) { o.Blocks[3].SEChannels++ },
		"immense channel": func(o *model.Outline) { o.Blocks[3].OutChannels = 1 << 40 },
	} {
		o := variant(t, "b0").Outline()
		change(&o)
		if v, ok := model.Match(o, 224); ok {
			t.Errorf("%s: taken for %s", name, v.Name)
		}
	}
}
