package naming

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/state"
)

const classes = 7

// dictOf is a variant's tensors by the names of a port, without values.
func dictOf(v model.Variant, s scheme, prefix string) *state.Dict {
	d := &state.Dict{}
	for _, u := range units(v, s, prefix) {
		for _, n := range u.tensors(classes) {
			add(d, n.file, n.shape...)
		}
		if u.norm != "" {
			add(d, u.norm+".num_batches_tracked")
		}
	}
	return d
}

func add(d *state.Dict, name string, shape ...int) {
	t := state.Tensor{Name: name, Shape: shape}
	t.Load = func() ([]float32, error) { return nil, nil }
	d.Tensors = append(d.Tensors, t)
}

func remove(d *state.Dict, name string) {
	d.Tensors = slices.DeleteFunc(d.Tensors, func(t state.Tensor) bool { return t.Name == name })
}

func variant(t *testing.T, name string) model.Variant {
	t.Helper()
	v, err := model.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// has tells whether a port has blocks of the variant's kinds.
func has(s scheme, v model.Variant) bool { return s.name != EfficientNetPyTorch || !isV2(v) }

func TestEveryVariantOfEveryPort(t *testing.T) {
	for _, s := range schemes {
		for _, v := range model.Variants() {
			if !has(s, v) {
				continue
			}
			in, err := Import(dictOf(v, s, ""), state.Options{})
			if err != nil {
				t.Errorf("%s, %s: %v", s.name, v.Name, err)
				continue
			}
			if in.Variant != v.Name || in.Scheme != s.name {
				t.Errorf("%s, %s: taken for %s of %s", s.name, v.Name, in.Variant, in.Scheme)
			}
			if err := in.Profile.Validate(); err != nil {
				t.Error(err)
			}
			specs := v.ParamSpecs(classes)
			if len(in.Params) != len(specs) {
				t.Errorf("%s, %s: %d parameters, want %d", s.name, v.Name, len(in.Params), len(specs))
			}
			for _, spec := range specs {
				if p, ok := in.Params[spec.Name]; !ok || !slices.Equal(p.Shape, spec.Shape) {
					t.Errorf("%s, %s: %s has shape %v, want %v", s.name, v.Name, spec.Name, p.Shape, spec.Shape)
				}
			}
		}
	}
}

func TestCustomShapes(t *testing.T) {
	for _, name := range []string{
		"d0.5,w0.3,r224", "d1.3,w1.15,r224", "d3.4,w0.275,r224", "lite0:d1.7,w0.6,r224", "v2-b0:d0.4,w0.9,r224", "v2-m:d0.2,w0.15,r480",
	} {
		v := variant(t, name)
		for _, s := range schemes {
			if !has(s, v) {
				continue
			}
			in, err := Import(dictOf(v, s, ""), state.Options{})
			if err != nil {
				t.Errorf("%s, %s: %v", s.name, name, err)
				continue
			}
			got := variant(t, in.Variant)
			if !slices.Equal(got.Blocks(), v.Blocks()) || got.StemChannels() != v.StemChannels() || got.HeadChannels() != v.HeadChannels() {
				t.Errorf("%s, %s: taken for %s", s.name, name, in.Variant)
			}
			if !strings.Contains(strings.Join(in.Assumed, "\n"), "resolution") {
				t.Errorf("%s, %s: resolution is not said to be assumed: %q", s.name, name, in.Assumed)
			}
		}
	}
}

func TestPrefixes(t *testing.T) {
	v := variant(t, "b0")
	for _, s := range schemes {
		for _, prefix := range []string{"module.", "model.", "_orig_mod.", "module._orig_mod.", "net.backbone."} {
			if in, err := Import(dictOf(v, s, prefix), state.Options{}); err != nil || in.Variant != v.Name {
				t.Errorf("%s under %q: %v", s.name, prefix, err)
			}
		}
		for _, prefixes := range [][2]string{{"", "ema."}, {"model.", "model_ema.module."}, {"student.", "teacher."}} {
			both := dictOf(v, s, prefixes[0])
			both.Tensors = append(both.Tensors, dictOf(v, s, prefixes[1]).Tensors...)
			in, err := Import(both, state.Options{})
			if err != nil {
				t.Errorf("%s under %q: %v", s.name, prefixes, err)
				continue
			}
			want := prefixes[1]
			if !strings.Contains(want, "ema") {
				want = prefixes[0]
			}
			if last := in.Assumed[len(in.Assumed)-1]; !strings.Contains(last, fmt.Sprintf("%q", want)) {
				t.Errorf("%s under %q: assumed %q", s.name, prefixes, in.Assumed)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		change     func(d *state.Dict)
		options    state.Options
	}{
		{"missing convolution", `as efficientnet-b2: tensor "blocks.3.1.conv_dw.weight" is missing (expected shape [528 1 3 3])`,
			func(d *state.Dict) { remove(d, "blocks.3.1.conv_dw.weight") }, state.Options{}},
		{"missing norm", `tensor "bn1.running_var" is missing (expected shape [32])`,
			func(d *state.Dict) { remove(d, "bn1.running_var") }, state.Options{}},
		{"misshapen norm", `tensor "bn2.bias" has shape [3], expected [1408]`,
			func(d *state.Dict) { remove(d, "bn2.bias"); add(d, "bn2.bias", 3) }, state.Options{}},
		{"misshapen convolution", `tensor "conv_head.weight" has shape [1408 351 1 1], expected [1408 352 1 1]`,
			func(d *state.Dict) { remove(d, "conv_head.weight"); add(d, "conv_head.weight", 1408, 351, 1, 1) }, state.Options{}},
		{"extra", `tensor "blocks.7.0.conv_pw.weight" is not part of the network`,
			func(d *state.Dict) { add(d, "blocks.7.0.conv_pw.weight", 4, 4, 1, 1) }, state.Options{}},
		{"no classifier", `tensor "classifier.weight" is missing (expected shape [1 1408]); tensor "classifier.bias" is missing`,
			func(d *state.Dict) { remove(d, "classifier.weight"); remove(d, "classifier.bias") }, state.Options{}},
		{"classifier's bias", `tensor "classifier.bias" has shape [6], expected [7]`,
			func(d *state.Dict) { remove(d, "classifier.bias"); add(d, "classifier.bias", 6) }, state.Options{}},
		{"another variant", `as efficientnet-b1: tensor "blocks.2.0.conv_pwl.weight" has shape [48 144 1 1], expected [40 144 1 1]`,
			func(*state.Dict) {}, state.Options{Variant: "b1"}},
		{"unknown variant", `unknown variant "b11"`, func(*state.Dict) {}, state.Options{Variant: "b11"}},
		{"another network", "not a network of the family: the nearest, efficientnet-",
			func(d *state.Dict) {
				for i := range d.Tensors {
					if len(d.Tensors[i].Shape) == 4 && i > 30 {
						d.Tensors[i].Shape = []int{1, 2, 1, 1}
					}
				}
			}, state.Options{}},
		{"other names", `among its 2 tensors "fc.weight", "layer1.0.conv1.weight" …`,
			func(d *state.Dict) { d.Tensors = nil; add(d, "fc.weight", 1, 2); add(d, "layer1.0.conv1.weight", 1, 2) }, state.Options{}},
		{"nothing", "holds no tensors", func(d *state.Dict) { d.Tensors = nil }, state.Options{}},
		{"a picture of four channels", "no names of", func(d *state.Dict) { d.Tensors[0].Shape = []int{32, 4, 3, 3} }, state.Options{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := dictOf(variant(t, "b2"), schemes[1], "")
			tt.change(d)
			in, err := Import(d, tt.options)
			if err == nil {
				t.Fatalf("taken for %s", in.Variant)
			}
			var own *state.Error
			var params *model.ParamsError
			var unknown *model.UnknownError
			if !errors.As(err, &own) && !errors.As(err, &params) && !errors.As(err, &unknown) {
				t.Errorf("error of type %T", err)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestLoadFails(t *testing.T) {
	d := dictOf(variant(t, "b0"), schemes[0], "")
	broken := errors.New("broken")
	d.Tensors[5].Load = func() ([]float32, error) { return nil, broken }
	d.Tensors[6].Load = d.Tensors[5].Load
	if _, err := Import(d, state.Options{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestProfiles(t *testing.T) {
	imageNet := func(resolution int, crop float64) profile.Profile {
		p := profile.ImageNet(resolution)
		p.Crop = crop
		return p
	}
	with := func(p profile.Profile, overrides string) profile.Profile {
		if err := profile.Parse(overrides, &p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	const half = "mean=0.5:0.5:0.5,std=0.5:0.5:0.5"
	for _, tt := range []struct {
		scheme  int
		variant string
		arch    string
		want    profile.Profile
		assumed string // all lines; empty: none
	}{
		{0, "b0", "", imageNet(224, 0.875), ""},
		{0, "b1", "", with(imageNet(240, 240.0/255), "interpolation=bilinear"), "IMAGENET1K_V2"},
		{0, "b2", "", imageNet(288, 1), ""},
		{0, "b3", "", imageNet(300, 0.9375), ""},
		{0, "b4", "", imageNet(380, 380.0/384), ""},
		{0, "b5", "", with(imageNet(456, 1), "bn_eps=0.001"), ""},
		{0, "b7", "", with(imageNet(600, 1), "bn_eps=0.001"), ""},
		{0, "v2-s", "", with(imageNet(384, 1), "bn_eps=0.001,interpolation=bilinear"), ""},
		{0, "v2-l", "", with(imageNet(480, 1), "bn_eps=0.001,"+half), ""},
		{0, "b8", "", imageNet(672, 672.0/704), "torchvision has no efficientnet-b8"},
		{1, "b2", "", imageNet(260, 260.0/292), "needs --profile padding=same,bn_eps=0.001"},
		{1, "b2", "tf_efficientnet_b2", with(imageNet(260, 260.0/292), "padding=same,bn_eps=0.001"), "mean and std of ImageNet"},
		{1, "lite0", "", imageNet(224, 0.875), "needs --profile padding=same,bn_eps=0.001," + half},
		{1, "lite0", "tf_efficientnet_lite0", with(imageNet(224, 0.875), "padding=same,bn_eps=0.001,"+half), "mean and std 0.5"},
		{1, "v2-b1", "", with(imageNet(240, 240.0/272), "padding=same,bn_eps=0.001"), "mean and std of ImageNet"},
		{1, "v2-m", "", imageNet(480, 1), "padding symmetric"},
		{2, "b3", "", with(imageNet(300, 300.0/332), "padding=same,bn_eps=0.001"), "AdvProp"},
		{2, "b8", "", with(imageNet(672, 672.0/704), "padding=same,bn_eps=0.001,"+half), "AdvProp"},
		{2, "lite2", "", with(imageNet(260, 260.0/292),
			"padding=same,bn_eps=0.001,mean=127/255:127/255:127/255,std=128/255:128/255:128/255"), ""},
	} {
		s := schemes[tt.scheme]
		d := dictOf(variant(t, tt.variant), s, "")
		d.Arch = tt.arch
		in, err := Import(d, state.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if in.Profile != tt.want {
			t.Errorf("%s, %s: got %v, want %v", s.name, tt.variant, in.Profile, tt.want)
		}
		if got := strings.Join(in.Assumed, "\n"); !strings.Contains(got, tt.assumed) || (got == "") != (tt.assumed == "") {
			t.Errorf("%s, %s: assumed %q, want %q", s.name, tt.variant, in.Assumed, tt.assumed)
		}
	}
}
