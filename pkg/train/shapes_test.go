package train

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// shapes writes drawn pictures of every class; with shuffle each stands in the
// folder of a class by chance.
func shapes(t *testing.T, classes, training, validation int, shuffle bool) string {
	files := map[string][]byte{}
	r := rand.New(rand.NewPCG(5, 5))
	for class := range classes {
		for i := range training + validation {
			side, folder := "train", class
			if i >= training {
				side = "val"
			}
			if shuffle {
				folder = r.IntN(classes)
			}
			files[fmt.Sprintf("%s/%s/%d-%d.png", side, drawnClasses[folder], class, i)] = drawn(class, i)
		}
	}
	return writeTree(t, files)
}

// shapesOptions are of the embedded network at a resolution that is quick.
var shapesOptions = classify.Options{Resolution: 64}

// fitShapes keeps features in a file, empty for none.
func fitShapes(t *testing.T, dir, file string, o HeadOptions) (*Dataset, *Head) {
	t.Helper()
	m, err := classify.Open("", shapesOptions)
	if err != nil {
		t.Fatal(err)
	}
	d := scan(t, dir, ScanOptions{})
	return d, fit(t, extract(t, m, d, FeatureOptions{File: file}), len(d.Classes), o)
}

func TestShapesAreLearnt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "features")
	_, h := fitShapes(t, shapes(t, 4, 16, 20, false), file, HeadOptions{})
	if h.Validation.Pictures != 80 || h.Validation.Accuracy < 0.95 {
		t.Errorf("of %d pictures %v are named rightly, want 0.95", h.Validation.Pictures, h.Validation.Accuracy)
	}
	_, h = fitShapes(t, shapes(t, 4, 16, 20, true), file, HeadOptions{})
	if h.Validation.Accuracy > 0.45 { // chance, and four deviations
		t.Errorf("%v of labels by chance are found", h.Validation.Accuracy)
	}
}

// finishShapes makes the bytes of a model file.
func finishShapes(t *testing.T, d *Dataset, h *Head) []byte {
	t.Helper()
	name, data, err := classify.Load("", shapesOptions)
	if err != nil {
		t.Fatal(err)
	}
	base, err := classify.Weights(data, shapesOptions)
	if err != nil {
		t.Fatal(err)
	}
	w, tier, err := Finish(context.Background(), base, d, h.Params(base.Params), FinishOptions{Name: "shapes", Base: name, BaseSum: "0123"})
	if err != nil || tier != "generic" {
		t.Fatalf("goldens by %q kernels: %v", tier, err)
	}
	var b bytes.Buffer
	if err := weights.Write(&b, w); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTrainedFileClassifies(t *testing.T) {
	for name, tt := range map[string]struct {
		classes int
		o       HeadOptions
	}{
		"softmax": {4, HeadOptions{}},
		"sigmoid": {2, HeadOptions{Sigmoid: true}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shapes(t, tt.classes, 8, 4, false)
			d, h := fitShapes(t, dir, "", tt.o)
			file := finishShapes(t, d, h)
			if !bytes.Equal(file, finishShapes(t, d, h)) {
				t.Error("another file from the same training")
			}
			path := filepath.Join(t.TempDir(), "shapes.safetensors")
			if err := os.WriteFile(path, file, 0o666); err != nil {
				t.Fatal(err)
			}
			m, err := classify.Open(path, classify.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if worst, err := m.Verify(); err != nil || worst > classify.Tolerance {
				t.Errorf("verify: %v, %v", worst, err)
			}
			hits := 0
			for _, p := range d.Validation {
				data, err := p.Read()
				if err != nil {
					t.Fatal(err)
				}
				r, err := m.Bytes(context.Background(), data)
				if err != nil {
					t.Fatal(err)
				}
				best := r.Predictions[0]
				if hit := best.Label == d.Classes[p.Class]; tt.o.Sigmoid && hit == (best.Probability > 0.5) || !tt.o.Sigmoid && hit {
					hits++
				}
			}
			if got := float64(hits) / float64(len(d.Validation)); got != h.Validation.Accuracy {
				t.Errorf("classify names %v rightly, training said %v", got, h.Validation.Accuracy)
			}
			info := m.Info()
			wantSource := fmt.Sprintf("trained on %d pictures of %d classes, validated on %d; from efficientnet-lite0, sha256 0123; ",
				8*tt.classes, tt.classes, 4*tt.classes)
			if diff := cmp.Diff(wantSource, info.Source[:min(len(wantSource), len(info.Source))]); diff != "" {
				t.Error(diff)
			}
			if info.Labels[len(info.Labels)-1].Name != drawnClasses[tt.classes-1] || info.License != "Apache-2.0" || info.Profile.Resolution != 64 {
				t.Errorf("%+v", info)
			}
		})
	}
}
