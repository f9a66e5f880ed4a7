package explain

import (
	"bytes"
	"errors"
	"image"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

func open(t *testing.T, name string, o classify.Options) *Explainer {
	t.Helper()
	e, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func explained(t *testing.T, e *Explainer, data []byte) *Explanation {
	t.Helper()
	x, err := e.Bytes(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// small is a network with random weights and squeeze-and-excitation.
func small(t *testing.T, variant string, resolution, classes int) *weights.Model {
	t.Helper()
	v, err := model.Lookup(variant)
	if err != nil {
		t.Fatal(err)
	}
	return &weights.Model{
		Name: variant, Variant: variant, Profile: profile.ImageNet(resolution), Params: model.Random(v.ParamSpecs(classes), 3),
	}
}

func write(t *testing.T, w *weights.Model) string {
	t.Helper()
	var b bytes.Buffer
	if err := weights.Write(&b, w); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The mean over a map and the bias are the logit, which is the classifier's own.
func TestMapsAddUpToLogits(t *testing.T) {
	data := read(t, "cat.jpg")
	tempered := small(t, "b0", 96, 7)
	tempered.Temperature = 1.5
	for name, model := range map[string]string{
		"lite0": "", "b0": write(t, tempered), "one output": write(t, small(t, "lite1", 65, 1)),
	} {
		o := classify.Options{Top: 3}
		m, err := classify.Open(model, o)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Bytes(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		x := explained(t, open(t, model, o), data)
		if len(x.Maps) != len(want.Predictions) || len(x.Logits) != len(want.Logits) {
			t.Fatalf("%s: %d maps of %d classes", name, len(x.Maps), len(x.Logits))
		}
		for i, got := range x.Maps {
			sum := 0.0
			for _, v := range got.Values {
				sum += float64(v) / float64(got.H*got.W)
			}
			if d := sum + float64(got.Bias) - float64(got.Logit); !(math.Abs(d) < 1e-4) {
				t.Errorf("%s, %s: mean and bias are off the logit by %v", name, got.Label, d)
			}
			p := want.Predictions[i]
			if d := math.Abs(float64(got.Logit - p.Logit)); !(d < 1e-3) {
				t.Errorf("%s, %s: logit %v, classify says %v", name, got.Label, got.Logit, p.Logit)
			}
			if got.Class != p.Index || got.Rank != p.Rank || got.Label != p.Label || got.WNID != p.WNID ||
				!(math.Abs(got.Probability-p.Probability) < 1e-4) || len(got.Values) != got.H*got.W {
				t.Errorf("%s: got %+v, classify says %+v", name, got, p)
			}
		}
	}
}

func TestChosenClasses(t *testing.T) {
	data := read(t, "cat.jpg")
	all := explained(t, open(t, "", classify.Options{Top: 1000}), data)
	x := explained(t, open(t, "", classify.Options{Classes: []string{"golden retriever", "tabby", "281", "crane"}}), data)
	if len(x.Maps) != 4 {
		t.Fatalf("%d maps", len(x.Maps))
	}
	for i, m := range x.Maps {
		if i > 0 && m.Rank <= x.Maps[i-1].Rank {
			t.Errorf("rank %d after %d", m.Rank, x.Maps[i-1].Rank)
		}
		if diff := cmp.Diff(all.Maps[m.Rank-1], m); diff != "" {
			t.Error(diff)
		}
	}
	one := explained(t, open(t, "", classify.Options{Top: 1, Classes: []string{"golden retriever", "tabby"}}), data)
	if len(one.Maps) != 1 || one.Maps[0].Label != "tabby" {
		t.Errorf("got %+v", one.Maps)
	}
}

func TestWhatIsRefused(t *testing.T) {
	var usage *classify.UsageError
	for _, o := range []classify.Options{
		{Classes: []string{"tabbi"}}, {Crop: "round"}, {Top: -1}, {Tier: "abacus"}, {Overrides: "crop=2"}, {Resolution: 3},
	} {
		if _, err := Open("", o); !errors.As(err, &usage) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	var refused *classify.ModelError
	if _, err := Open("no/such/file", classify.Options{}); !errors.As(err, &refused) {
		t.Error(err)
	}
	for name, spoil := range map[string]func(p model.Params){
		"no classifier": func(p model.Params) { delete(p, "classifier.weight") },
		"no bias":       func(p model.Params) { delete(p, "classifier.bias") },
		"narrow": func(p model.Params) {
			p["classifier.weight"] = model.Param{Shape: []int{2, 3}, Data: make([]float32, 6)}
		},
		"short": func(p model.Params) {
			p["classifier.weight"] = model.Param{Shape: []int{2, 1280}, Data: make([]float32, 6)}
		},
		"no stem": func(p model.Params) { delete(p, "stem.conv.weight") },
	} {
		w := small(t, "lite0", 64, 2)
		spoil(w.Params)
		if _, err := New("x", w, classify.Options{}); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := small(t, "lite0", 64, 2)
	w.Params["classifier.weight"].Data[0] = float32(math.NaN())
	e, err := New("x", w, classify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for kind, data := range map[classify.Kind][]byte{
		classify.KindFormat: []byte("no picture"), classify.KindDecode: read(t, "broken/truncated.jpg"),
		classify.KindLimit: read(t, "broken/huge.gif"), classify.KindModel: read(t, "cat.jpg"),
	} {
		var wrong *classify.Error
		if _, err := e.Bytes(t.Context(), data); !errors.As(err, &wrong) || wrong.Kind != kind {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}

// Any crop, resolution, orientation and shape of a picture gives maps and a
// drawing of all panels.
func TestEveryPicture(t *testing.T) {
	whole := map[preprocess.Crop]bool{preprocess.Squash: true, preprocess.Pad: true}
	for _, crop := range []preprocess.Crop{preprocess.Center, preprocess.Squash, preprocess.Pad} {
		for _, resolution := range []int{32, 97} {
			w := small(t, "lite0", resolution, 3)
			e, err := New("x", w, classify.Options{Crop: crop, Top: 2, Lenient: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"broken/1x40.png", "broken/40x1.png", "broken/alpha.png", "broken/truncated.jpg", "rocket.jpg"} {
				x := explained(t, e, read(t, file))
				img := x.Picture(Style{Height: 60})
				panels := 3
				if whole[crop] {
					panels = 2
				}
				if n := countPanels(img); n != panels {
					t.Errorf("%s, %s, %d: %d panels", file, crop, resolution, n)
				}
				var b bytes.Buffer
				if err := x.Preview(&b, 30, Blocks); err != nil || b.Len() == 0 {
					t.Error(err)
				}
			}
			e.Close()
		}
	}
}

// countPanels counts runs of columns with pictures in them.
func countPanels(img *image.NRGBA) int {
	n, in := 0, false
	for x := range img.Rect.Dx() {
		filled := false
		for y := range img.Rect.Dy() {
			c := img.NRGBAAt(x, y)
			filled = filled || c.R != background || c.G != background || c.B != background
		}
		if filled && !in && hasPicture(img, x) {
			n++
		}
		in = filled
	}
	return n
}

// hasPicture tells a panel from letters: its top row is filled.
func hasPicture(img *image.NRGBA, x int) bool {
	c := img.NRGBAAt(x, margin)
	return c.R != background || c.G != background || c.B != background
}

// A picture that EXIF turns is explained as it is seen, all eight alike.
func TestOrientation(t *testing.T) {
	e := open(t, "", classify.Options{})
	files, err := filepath.Glob("../../testdata/broken/exif/*.jpg")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	var first *Explanation
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		x := explained(t, e, data)
		if first == nil {
			first = x
		}
		if x.Width != first.Width || x.Height != first.Height || x.Place != first.Place || x.Maps[0].Class != first.Maps[0].Class {
			t.Errorf("%s: %d×%d, %v, class %d", file, x.Width, x.Height, x.Place, x.Maps[0].Class)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	e := open(t, "", classify.Options{Threads: 2})
	data := [][]byte{read(t, "cat.jpg"), read(t, "rocket.jpg")}
	want := []*Explanation{explained(t, e, data[0]), explained(t, e, data[1])}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			x, err := e.Bytes(t.Context(), data[i%2])
			if err != nil {
				t.Error(err)
			} else if diff := cmp.Diff(want[i%2].Maps, x.Maps); diff != "" {
				t.Error(diff)
			}
		})
	}
	wg.Wait()
}

func TestOpenEqualsNew(t *testing.T) {
	o := classify.Options{}
	_, data, err := classify.Load("", o)
	if err != nil {
		t.Fatal(err)
	}
	w, err := classify.Weights(data, o)
	if err != nil {
		t.Fatal(err)
	}
	e, err := New("x", w, o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	data = read(t, "coffee.jpg")
	if diff := cmp.Diff(explained(t, open(t, "", o), data).Maps, explained(t, e, data).Maps); diff != "" {
		t.Error(diff)
	}
}
