package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

func TestOpenByName(t *testing.T) {
	for _, name := range []string{"", "lite0", "Lite0", "efficientnet-lite0"} {
		info := open(t, name, Options{}).Info()
		if info.Name != lite0 || info.Variant != lite0 || info.Classes != 1000 || info.Precision != "f32" || info.Tier == "" {
			t.Errorf("%q: %+v", name, info)
		}
	}
}

func TestOpenedInfo(t *testing.T) {
	w := randomModel(3)
	w.Labels = letters(3)
	path := write(t, w)
	got := open(t, path, Options{Overrides: "crop=0.5,std=127/255:1:1", Resolution: 96}).Info()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if want := hex.EncodeToString(sum[:]); got.SHA256() != want {
		t.Errorf("SHA-256 %s, want %s", got.SHA256(), want)
	}
	prof := profile.ImageNet(96)
	prof.Crop, prof.Std = 0.5, [3]float64{127.0 / 255, 1, 1}
	want := Info{Name: path, Variant: lite0, Classes: 3, Precision: "f32", Tier: got.Tier, Profile: prof, Labels: letters(3)}
	got.sum = nil
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Info{})); diff != "" {
		t.Error(diff)
	}
}

func TestNamesAndFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("b0", []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("lite0", 0o700); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]bool{
		"b0": true, "lite0": false, "efficientnet-b0": false, "./lite0": true, "a/b": true, "x.PTH": true, "x.pt": true,
		"x.h5": true, "x.keras": true, "x.onnx": true, "x.bin": true, "x.safetensors": true, "x.txt": false,
	} {
		if got := isFile(given); got != want {
			t.Errorf("isFile(%q) = %v", given, got)
		}
	}
	open(t, "lite0", Options{})
}

func TestOpenRefusesModels(t *testing.T) {
	t.Chdir(t.TempDir())
	files := map[string]string{
		"lfs.safetensors":  "version https://git-lfs.github.com/spec/v1\n",
		"page.bin":         "<!doctype html>",
		"empty.h5":         "",
		"plain.safetensor": "hello",
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder.pth", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"no.safetensors":   `"no.safetensors": no such model file`,
		"./b0":             `"./b0": no such model file`,
		"folder.pth":       `"folder.pth": a folder, not a model file`,
		"lfs.safetensors":  "a Git LFS pointer, not the weights: run git lfs pull",
		"page.bin":         "an HTML page, not the weights",
		"empty.h5":         "an empty file",
		"plain.safetensor": "a text file, not weights",
		"b0":               `"b0": the weights of efficientnet-b0 are not in this program: give a model file`,
		"efficientnet-b7":  "give a model file",
	} {
		m, err := Open(name, Options{})
		var refused *ModelError
		if !errors.As(err, &refused) || refused.Model != name {
			t.Errorf("%s: got %v, %v, want a *ModelError", name, m, err)
			continue
		}
		checkMessage(t, err, want)
	}
}

func TestOpenRefusesParameters(t *testing.T) {
	missing := randomModel(2)
	delete(missing.Params, "head.norm.mean")
	misshapen := randomModel(2)
	misshapen.Params["head.norm.mean"] = model.Param{Shape: []int{2}, Data: []float32{1, 2}}
	tests := map[string]struct {
		m    *weights.Model
		want string
	}{
		"NaN":               {poison(randomModel(2), "stages.1.0.expand.conv.weight", math.NaN()), `"stages.1.0.expand.conv.weight"`},
		"infinity":          {poison(randomModel(2), "classifier.bias", math.Inf(-1)), `"classifier.bias"`},
		"negative variance": {poison(randomModel(2), "stem.norm.variance", -1), `"stem.norm.variance"`},
		"missing":           {missing, `"head.norm.mean" is missing`},
		"misshapen":         {misshapen, `"head.norm.mean" has shape [2], expected [1280]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Open(write(t, tt.m), Options{})
			var refused *ModelError
			var params *model.ParamsError
			if !errors.As(err, &refused) || !errors.As(err, &params) {
				t.Fatalf("got %v, want a *ModelError of a *model.ParamsError", err)
			}
			checkMessage(t, err, tt.want)
		})
	}
}

func TestOpenRefusesOptionsThatDoNotFit(t *testing.T) {
	path := write(t, randomModel(3))
	for want, o := range map[string]Options{
		"2 labels do not fit a model of 3 classes":                                {Labels: letters(2)},
		"variant efficientnet-b0 was asked for, the file says efficientnet-lite0": {Variant: "b0"},
	} {
		_, err := Open(path, o)
		var refused *ModelError
		if !errors.As(err, &refused) {
			t.Errorf("got %v, want a *ModelError with %q", err, want)
			continue
		}
		checkMessage(t, err, want)
	}
}

func TestOpenUsage(t *testing.T) {
	tests := []struct {
		name, want string
		o          Options
	}{
		{"lite9", `unknown model "lite9"; near: efficientnet-lite0, efficientnet-lite1, efficientnet-lite2`, Options{}},
		{"eficientnet-b0", `unknown model "eficientnet-b0"; near: efficientnet-b0`, Options{}},
		{"resnet50", `unknown model "resnet50"`, Options{}},
		{"", `variant "b99"`, Options{Variant: "b99"}},
		{"", `crop "middle" is none of center, squash, pad`, Options{Crop: "middle"}},
		{"", "top -1", Options{Top: -1}},
		{"", "least probability 1.5", Options{MinProb: 1.5}},
		{"", "least probability NaN", Options{MinProb: math.NaN()}},
		{"", "threads -1", Options{Threads: -1}},
		{"", "-5 pixels", Options{MaxPixels: -5}},
		{"", "resolution=31", Options{Resolution: 31}},
		{"", "resolution=-1", Options{Resolution: -1}},
		{"", "bn_eps=0", Options{Overrides: "bn_eps=0"}},
		{"", `no key "bn"`, Options{Overrides: "bn=0"}},
		{"", `unknown label "tabbi"; near: tabby`, Options{Classes: []string{"tabbi"}}},
		{"no.safetensors", "top -1", Options{Top: -1}}, // said before any model is read
	}
	for _, tt := range tests {
		m, err := Open(tt.name, tt.o)
		var usage *UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%q, %+v: got %v, %v, want a *UsageError", tt.name, tt.o, m, err)
			continue
		}
		checkMessage(t, err, tt.want)
	}
}

func TestOpenHoldsTheTierAgainstTheMachine(t *testing.T) {
	t.Setenv("EFFNET_CPU", "abacus")
	_, err := Open("no.safetensors", Options{})
	var usage *UsageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), "abacus") {
		t.Errorf("got %v, want a *UsageError that names the tier", err)
	}
	t.Setenv("EFFNET_CPU", "generic")
	if tier := open(t, "", Options{}).Info().Tier; tier != "generic" {
		t.Errorf("tier %s", tier)
	}
}

func TestSpecialFileIsNotRead(t *testing.T) {
	_, err := Open(filepath.Join(string(filepath.Separator), "dev", "null"), Options{})
	var refused *ModelError
	if !errors.As(err, &refused) {
		t.Errorf("got %v, want a *ModelError", err)
	}
}

// A name that is not embedded is resolved by the caller's function, which
// alone knows where files of models are.
func TestOpenResolves(t *testing.T) {
	path := write(t, randomModel(3))
	asked := ""
	resolve := func(name string) (string, string, error) {
		asked = name
		switch name {
		case "b0@x":
			return "efficientnet-b0@x", path, nil
		case "b0@none":
			return "", "", &UsageError{Msg: "no weights"}
		}
		return "", "", &AbsentError{Variant: "efficientnet-b0", Remedy: "do this"}
	}
	if got := open(t, "b0@x", Options{Resolve: resolve}).Info().Name; got != "efficientnet-b0@x" {
		t.Errorf("name %q", got)
	}
	asked = ""
	open(t, "lite0", Options{Resolve: resolve})
	open(t, path, Options{Resolve: resolve})
	if asked != "" {
		t.Errorf("asked for %q", asked)
	}
	var usage *UsageError
	if _, err := Open("b0@none", Options{Resolve: resolve}); !errors.As(err, &usage) {
		t.Errorf("%v", err)
	}
	var refused *ModelError
	var absent *AbsentError
	if _, err := Open("b0", Options{Resolve: resolve}); !errors.As(err, &refused) || !errors.As(err, &absent) ||
		!strings.HasSuffix(err.Error(), ": do this") {
		t.Errorf("%v", err)
	}
	if _, err := Open("b0@x", Options{}); !errors.As(err, &absent) || absent.Variant != "efficientnet-b0" {
		t.Errorf("without a resolver: %v", err)
	}
	if _, err := Open("", Options{Tier: "mmx"}); !errors.As(err, &usage) || !strings.Contains(err.Error(), "generic") {
		t.Errorf("tier: %v", err)
	}
}
