package keras

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/tensor"
	"github.com/effnet/effnet/pkg/weights/state"
)

// tolerance is how far a logit may be from Keras', in standard deviations of
// the logits.
const tolerance = 1e-4

func folder(t testing.TB) string {
	return filepath.Join(testkit.Root(t), "testdata", "weights", "keras")
}

// load unpacks a file of tools/golden/keras_files.py.
func load(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join(folder(t), name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// logits runs a network on a picture [side·side·3] of bytes.
func logits(t testing.TB, in *state.Imported, pixels []byte) []float32 {
	t.Helper()
	v, err := model.Lookup(in.Variant)
	if err != nil {
		t.Fatal(err)
	}
	set, err := kernels.Best()
	if err != nil {
		t.Fatal(err)
	}
	p, err := model.Compile(v, in.Profile, in.Params, set)
	if err != nil {
		t.Fatal(err)
	}
	side := in.Profile.Resolution
	if len(pixels) != side*side*3 {
		t.Fatalf("resolution %d for a picture of %d bytes", side, len(pixels))
	}
	x := tensor.New(tensor.Shape{N: 1, H: side, W: side, C: 3})
	for i, b := range pixels {
		x.Data[i] = float32((float64(b)/255 - in.Profile.Mean[i%3]) / in.Profile.Std[i%3])
	}
	ws := p.NewWorkspace(1)
	defer ws.Close()
	out, err := p.Run(ws, x)
	if err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), out...)
}

// golden is what Read must find in a file and what it must say was assumed.
type golden struct {
	file, asked, variant string
	side                 int
	assumed              []string
}

const (
	v1Name, v2bName, v2sName = "d0.3,w0.03,r", "v2-b0:d0.2,w0.05,r", "v2-s:d0.2,w0.05,r"

	at64, at75, sharp = "crop 0.667 and bicubic" + published, "crop 0.701 and bicubic" + published, "crop 1 and bicubic" + published
	atDefault         = "resolution 224, crop 0.875 and bicubic" + published
	sharpDefault      = "resolution 224, crop 1 and bicubic" + published
	published         = ", as the published weights are evaluated"
	folded            = `batch norm "batch_normalization" folded into the classifier`
	again             = "a second division by the deviations, as weights=\"imagenet\" has it"
)

// goldens are the files of keras_files.py and tf_keras_files.py. A side that
// differs from the assumed one is what Keras was run at.
var goldens = []golden{
	{"v1.h5", "", v1Name + "64", 64, []string{at64}},
	{"v1.keras", "", v1Name + "64", 64, []string{at64}},
	{"v1_deflated.keras", "", v1Name + "64", 64, []string{at64}},
	{"v1.weights.h5", "", v1Name + "224", 64, []string{atDefault}},
	{"v1_legacy.h5", "", v1Name + "224", 64, []string{atDefault}},
	{"v1_anonymous.weights.h5", v1Name + "64", v1Name + "64", 64, []string{"resolution 64, " + at64}},
	{"v2b.keras", "", v2bName + "75", 75, []string{at75}},
	{"v2b.weights.h5", "", v2bName + "224", 75, []string{atDefault}},
	{"v2b_legacy.h5", "", v2bName + "224", 75, []string{atDefault}},
	{"v2s.h5", "", v2sName + "75", 75, []string{sharp}},
	{"v2s.weights.h5", "", v2sName + "224", 75, []string{sharpDefault}},
	{"v2s_legacy.h5", "", v2sName + "224", 75, []string{sharpDefault}},
	{"v2s_bare.weights.h5", "", v2sName + "224", 75, []string{sharpDefault, "mean and std 0.5, as Keras asks for without include_preprocessing"}},
	{"published_head.h5", "", v1Name + "64", 64, []string{folded, at64}},
	{"published_head.keras", "", v1Name + "64", 64, []string{folded, at64}},
	{"published_head.weights.h5", "", v1Name + "224", 64, []string{folded, atDefault}},
	{"published_head_legacy.h5", "", v1Name + "224", 64, []string{folded, atDefault, again}},
	{"published_legacy.h5", "", v1Name + "224", 64, []string{atDefault, again}},
	{"tf_v1.h5", "", v1Name + "64", 64, []string{at64}},
	{"tf_v1_legacy.h5", "", v1Name + "224", 64, []string{atDefault}},
	{"tf_v1.weights.h5", v1Name + "64", v1Name + "64", 64, []string{"resolution 64, " + at64}},
	{"tf_sequential.h5", "", v1Name + "64", 64, []string{at64}},
	{"tf_qubvel.h5", "", v1Name + "64", 64, []string{at64, "mean and std of ImageNet"}},
	{"tf_qubvel_legacy.h5", "", v1Name + "224", 64, []string{atDefault, "mean and std of ImageNet"}},
}

// references opens the logits that Keras computes.
func references(t *testing.T) map[string]*testkit.Golden {
	byFile := map[string]*testkit.Golden{}
	for _, name := range []string{"logits", "tf_logits"} {
		g := testkit.OpenGoldenFile(t, filepath.Join(folder(t), name+".safetensors"))
		for _, tensor := range g.Names() {
			if file, ok := strings.CutPrefix(tensor, "logits."); ok {
				byFile[file] = g
			}
		}
	}
	return byFile
}

func TestLogitsEqualKeras(t *testing.T) {
	refs := references(t)
	for _, tt := range goldens {
		g := refs[tt.file]
		delete(refs, tt.file)
		t.Run(tt.file, func(t *testing.T) {
			in, err := Read(load(t, tt.file), state.Options{Variant: tt.asked})
			if err != nil {
				t.Fatal(err)
			}
			scheme := Keras
			if strings.Contains(tt.file, "qubvel") {
				scheme = Qubvel
			}
			if in.Variant != tt.variant || in.Scheme != scheme {
				t.Errorf("got %s of %s, want %s of %s", in.Variant, in.Scheme, tt.variant, scheme)
			}
			if diff := cmp.Diff(tt.assumed, in.Assumed); diff != "" {
				t.Error(diff)
			}
			if strings.HasSuffix(tt.variant, "r224") {
				in.Profile.Resolution = tt.side
			}
			got := logits(t, in, g.Uint8s(fmt.Sprintf("pixels.%d", tt.side)))
			want := g.Float32s("logits." + tt.file)
			if len(want) == 1 {
				got, want = append(got, 0), append(want, 0)
			}
			if e := testkit.LogitsError(got, want); !(e <= tolerance) {
				t.Errorf("logits are off by %.2g of their deviation: got %v, want %v", e, got, want)
			}
		})
	}
	for file := range refs {
		t.Errorf("%s is not tested", file)
	}
}

// Every layout of one network gives the same parameters, bit for bit.
func TestLayoutsAgree(t *testing.T) {
	for _, group := range [][]string{
		{"v1.h5", "v1.keras", "v1_deflated.keras", "v1.weights.h5", "v1_legacy.h5", "v1_anonymous.weights.h5"},
		{"v2b.keras", "v2b.weights.h5", "v2b_legacy.h5"},
		{"v2s.h5", "v2s.weights.h5", "v2s_legacy.h5"},
		{"published_head.h5", "published_head.keras", "published_head.weights.h5", "published_head_legacy.h5"},
		{"tf_v1.h5", "tf_v1_legacy.h5", "tf_v1.weights.h5"},
		{"tf_qubvel.h5", "tf_qubvel_legacy.h5"},
	} {
		var first *state.Imported
		for _, file := range group {
			asked := ""
			if strings.Contains(file, "anonymous") || file == "tf_v1.weights.h5" {
				asked = v1Name + "64"
			}
			in, err := Read(load(t, file), state.Options{Variant: asked})
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if first == nil {
				first = in
			}
			if diff := cmp.Diff(first.Params, in.Params); diff != "" {
				t.Errorf("%s differs from %s: %s", file, group[0], diff)
			}
			if in.Profile.Mean != first.Profile.Mean || in.Profile.Std != first.Profile.Std {
				t.Errorf("%s is normalised by %v, %v, but %s by %v, %v", file, in.Profile.Mean, in.Profile.Std, group[0], first.Profile.Mean, first.Profile.Std)
			}
		}
	}
}
