package keras

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/hdf5"
)

// synthetic lists the layers of a variant with the names and shapes that Keras
// gives them, without data. Without names they keep their order alone.
func synthetic(v model.Variant, names bool) *layers {
	n := newNamer(v)
	byPart := map[part]*layer{}
	l := &layers{complete: true, ordered: true}
	for _, w := range expected(v) {
		x := byPart[w.part]
		if x == nil {
			x = &layer{name: n.name(w.part), class: classConv}
			if !names {
				x.name = fmt.Sprintf("layer_%d", len(l.list))
			}
			x.top = x.name
			switch {
			case w.part.norm:
				x.class = classNorm
			case strings.HasSuffix(w.part.unit, ".depthwise"):
				x.class = classDepthwise
			}
			byPart[w.part] = x
			l.list = append(l.list, x)
		}
		x.vars = append(x.vars, variable{kind: w.kind, name: x.name + "/" + w.kind, data: &hdf5.Dataset{Shape: w.shape}})
	}
	return l
}

// published are the variants that Keras, or qubvel's package, has.
func publishedVariants() []model.Variant {
	var list []model.Variant
	for _, v := range model.Variants() {
		if v.Activation == silu {
			list = append(list, v)
		}
	}
	return list
}

func TestVariantFollowsFromShapes(t *testing.T) {
	for _, v := range publishedVariants() {
		for _, names := range []bool{true, false} {
			n, err := newNetwork(synthetic(v, names))
			if err != nil {
				t.Fatal(err)
			}
			got, err := n.settle("")
			if err != nil || got.Name != v.Name {
				t.Errorf("%s with names %v: got %s, %v", v.Name, names, got.Name, err)
			}
		}
	}
}

// The names of Keras' applications as they are, beside what they mean.
func TestNames(t *testing.T) {
	for name, want := range map[string]part{
		"stem_conv":            {"stem", false},
		"stem_bn":              {"stem", true},
		"top_conv":             {"head", false},
		"top_bn":               {"head", true},
		"stem_conv_1":          {"stem", false},
		"block1a_dwconv":       {"stages.0.0.depthwise", false},
		"block1a_bn":           {"stages.0.0.depthwise", true},
		"block4c_dwconv2":      {"stages.3.2.depthwise", false},
		"block4c_expand_bn":    {"stages.3.2.expand", true},
		"block6y_se_reduce":    {"stages.5.24.se.reduce", false},
		"block6{_se_expand":    {"stages.5.26.se.expand", false},
		"block7a_project_conv": {"stages.6.0.project", false},
		"block2b_project_bn_3": {"stages.1.1.project", true},
	} {
		if got, ok := parse(name); !ok || got != want {
			t.Errorf("%s: got %v, %v, want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "conv2d", "block0a_bn", "blocka_bn", "block1a_", "block1a_drop", "block1A_bn", "predictions"} {
		if got, ok := parse(name); ok {
			t.Errorf("%s was taken for %v", name, got)
		}
	}
}

func TestLayerNameIsTheInverse(t *testing.T) {
	for _, v := range publishedVariants() {
		want := map[part]bool{}
		for _, w := range expected(v) {
			want[w.part] = true
		}
		found, twice := parts(synthetic(v, true).list)
		if twice != nil {
			t.Fatalf("%s: %s stands for two layers", v.Name, twice.name)
		}
		got := map[part]bool{}
		for p := range found {
			got[p] = true
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(part{})); diff != "" {
			t.Errorf("%s: %s", v.Name, diff)
		}
	}
}

func TestMissingExtraMisshapen(t *testing.T) {
	find := func(l *layers, name string) *layer {
		for _, x := range l.list {
			if x.name == name {
				return x
			}
		}
		t.Fatalf("no layer %s", name)
		return nil
	}
	for name, tt := range map[string]struct {
		spoil func(*layers)
		want  string
	}{
		"no layer": {
			func(l *layers) { find(l, "block3a_dwconv").name = "other" },
			`tensor "block3a_dwconv/kernel" is missing (expected shape [5 5 144 1])`,
		},
		"no variable": {
			func(l *layers) { x := find(l, "top_bn"); x.vars = x.vars[:3] },
			`tensor "top_bn/moving_variance" is missing (expected shape [1280])`,
		},
		"bias": {
			func(l *layers) {
				x := find(l, "top_conv")
				x.vars = append(x.vars, variable{kind: "bias", name: "top_conv/bias", data: &hdf5.Dataset{Shape: []int{1280}}})
			},
			`tensor "top_conv/bias" is not part of the network`,
		},
		"another shape": {
			func(l *layers) { find(l, "block2a_se_reduce").vars[0].data.Shape = []int{1, 1, 96, 8} },
			`tensor "block2a_se_reduce/kernel" has shape [1 1 96 8], expected [1 1 96 4]`,
		},
		"another block": {
			func(l *layers) { find(l, "block7a_project_bn").name = "block7b_project_bn" },
			`tensor "block7a_project_bn/gamma" is missing (expected shape [320]); `,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := synthetic(variant(t, "b0"), true)
			tt.spoil(l)
			n, err := newNetwork(l)
			if err == nil {
				_, err = n.settle("")
			}
			var refused *model.ParamsError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestNotOfTheFamily(t *testing.T) {
	b0 := variant(t, "b0")
	short := synthetic(b0, true)
	short.list = short.list[:20]
	shuffled := synthetic(b0, false)
	shuffled.list[4].vars, shuffled.list[20].vars = shuffled.list[20].vars, shuffled.list[4].vars
	shuffled.list = shuffled.list[:100]
	twice := synthetic(b0, true)
	twice.list = append(twice.list, synthetic(b0, true).list...)
	for name, tt := range map[string]struct {
		layers *layers
		want   string
	}{
		"nothing":  {&layers{}, "not an EfficientNet: 0 convolutions and 0 depthwise ones, and no layer named stem_conv"},
		"short":    {short, "not a network of the family: the nearest, efficientnet-"},
		"shuffled": {shuffled, "convolutions in an order that no network of the family has; --variant says which it is"},
		"twice":    {twice, `two layers named "stem_conv": more than one network in the file`},
	} {
		n, err := newNetwork(tt.layers)
		if err == nil {
			_, err = n.settle("")
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

func variant(t *testing.T, name string) model.Variant {
	t.Helper()
	v, err := model.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
