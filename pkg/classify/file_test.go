package classify

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

const (
	lite0 = "efficientnet-lite0"
	side  = 64 // resolution of the models that tests make
)

// body is random parameters of Lite0 without its classifier.
var body = sync.OnceValue(func() model.Params {
	v, err := model.Lookup(lite0)
	if err != nil {
		panic(err)
	}
	p := model.Random(v.ParamSpecs(1), 1)
	delete(p, "classifier.weight")
	delete(p, "classifier.bias")
	return p
})

// randomModel is a Lite0 of the given number of classes.
func randomModel(classes int) *weights.Model {
	features := 1280
	m := &weights.Model{Name: lite0, Variant: lite0, Profile: profile.ImageNet(side), Params: model.Params{}}
	for name, p := range body() {
		m.Params[name] = p
	}
	for name, p := range model.Random([]model.ParamSpec{
		{Name: "classifier.weight", Shape: []int{classes, features}, FanIn: features},
		{Name: "classifier.bias", Shape: []int{classes}, FanIn: 1},
	}, 2) {
		m.Params[name] = p
	}
	return m
}

// constant makes the model's logits those given, whatever the picture.
func constant(m *weights.Model, logits ...float32) *weights.Model {
	clear(m.Params["classifier.weight"].Data)
	copy(m.Params["classifier.bias"].Data, logits)
	return m
}

// poison replaces the first value of a parameter.
func poison(m *weights.Model, name string, v float64) *weights.Model {
	p := m.Params[name]
	p.Data = append([]float32{float32(v)}, p.Data[1:]...)
	m.Params[name] = p
	return m
}

// overflowing gives infinite logits from finite weights.
func overflowing(classes int) *weights.Model {
	m := randomModel(classes)
	for _, name := range []string{"classifier.weight", "classifier.bias"} {
		data := m.Params[name].Data
		for i := range data {
			data[i] = math.MaxFloat32
		}
	}
	return m
}

func write(t *testing.T, m *weights.Model) string {
	t.Helper()
	var b bytes.Buffer
	if err := weights.Write(&b, m); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, name string, o Options) *Model {
	t.Helper()
	m, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func photo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkMessage holds an error to one line that has want in it.
func checkMessage(t *testing.T, err error, want string) {
	t.Helper()
	if msg := err.Error(); !strings.Contains(msg, want) || strings.Contains(msg, "\n") {
		t.Errorf("got %q, want one line with %q", msg, want)
	}
}
