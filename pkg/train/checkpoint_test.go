package train

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/safetensors"
)

func smallCheckpoint() *checkpoint {
	return &checkpoint{
		recipe: "rate\t1\nbatch\t2\n",
		progress: progress{
			Epoch: 1, Batch: 2, Running: running{Pictures: 3, Hits: 2, Loss: 0.1 + 0.2, Rate: 1e-4}, Best: 1,
			Start: Score{4, 0.5, 0.25}, History: []Epoch{{Score{5, 0.4, 0.6}, Score{4, 1. / 3, 0.75}, 3e-4}},
		},
		sections: []model.Params{
			{"b": {Shape: []int{2}, Data: []float32{1, 2}}, "a": {Shape: []int{1, 1}, Data: []float32{3}}},
			{"best.a": {Shape: []int{1, 1}, Data: []float32{4}}},
		},
	}
}

func encodedCheckpoint(tb testing.TB, c *checkpoint) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := c.write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestCheckpointKeepsEverything(t *testing.T) {
	want := smallCheckpoint()
	got, err := parseCheckpoint(encodedCheckpoint(t, want))
	if err != nil {
		t.Fatal(err)
	}
	tensors := model.Params{"a": want.sections[0]["a"], "b": want.sections[0]["b"], "best.a": want.sections[1]["best.a"]}
	want.sections = []model.Params{tensors}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(checkpoint{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCheckpointsAreRefused(t *testing.T) {
	write := func(meta map[string]string, tensors ...safetensors.Tensor) []byte {
		var b bytes.Buffer
		if err := safetensors.Write(&b, meta, tensors); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	good := encodedCheckpoint(t, smallCheckpoint())
	nan := smallCheckpoint()
	nan.sections[0]["b"].Data[1] = float32(math.Inf(1))
	for want, data := range map[string][]byte{
		"not a safetensors file":      nil,
		"truncated or damaged":        good[:len(good)-1],
		"is no checkpoint":            write(nil),
		"its progress is damaged":     write(map[string]string{keyFormat: checkpointFormat, keyProgress: "{"}),
		`tensor "b" holds NaN or Inf`: encodedCheckpoint(t, nan),
		`tensor "x" is U8, not F32`: write(map[string]string{keyFormat: checkpointFormat, keyProgress: "{}"},
			safetensors.Tensor{Name: "x", DType: safetensors.U8, Shape: []int{1}, Bytes: []byte{1}}),
	} {
		if _, err := parseCheckpoint(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestProgressIsHeldToTheRun(t *testing.T) {
	for name, change := range map[string]func(p *progress){
		"good":             func(*progress) {},
		"epoch below 0":    func(p *progress) { p.Epoch = -1 },
		"epoch too late":   func(p *progress) { p.Epoch = 4 },
		"batch below 0":    func(p *progress) { p.Batch = -1 },
		"batch too late":   func(p *progress) { p.Batch = 6 },
		"history is short": func(p *progress) { p.History = nil },
		"best to come":     func(p *progress) { p.Best = 2 },
		"accuracy of 2":    func(p *progress) { p.History[0].Validation.Accuracy = 2 },
		"loss below 0":     func(p *progress) { p.Start.Loss = -1 },
		"more hits":        func(p *progress) { p.Running.Hits = 4 },
	} {
		p := smallCheckpoint().progress
		change(&p)
		if err := p.check(3, 5); (err == nil) != (name == "good") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecipesAreCompared(t *testing.T) {
	for _, c := range []struct{ got, want, message string }{
		{"a\t1\nb\t2\n", "a\t1\nb\t2\n", ""},
		{"a\t1\nb\t2\n", "a\t1\nb\t3\n", "b"},
		{"", "a\t1\nb\t3\n", "a, b"},
		{"a\t1\nb\t2\n", "a\t1\n", "format"},
	} {
		err := sameRecipe(c.got, c.want)
		if c.message == "" && err != nil || c.message != "" && (err == nil || !strings.HasSuffix(err.Error(), ": "+c.message)) {
			t.Errorf("%q against %q: %v", c.got, c.want, err)
		}
	}
}

// What fits in form but not in its tensors changes nothing and is refused.
func TestResumeRefusesOtherTensors(t *testing.T) {
	o := quick(drawnFolder(t, 2, 1))
	o.Base.Resolution, o.Epochs, o.Checkpoint = 32, 1, filepath.Join(t.TempDir(), "checkpoint")
	want := fileOf(t, mustRun(t, o, nil).Model)
	data, err := os.ReadFile(o.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	o.Resume = true
	if !bytes.Equal(fileOf(t, mustRun(t, o, nil).Model), want) {
		t.Error("a checkpoint of the end gives another model")
	}
	c, err := parseCheckpoint(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"head.conv.weight", "adamw.first.classifier.bias", "average.updates", bestPrefix + "classifier.weight"} {
		p, ok := c.sections[0][name]
		if !ok {
			t.Fatalf("no tensor %q", name)
		}
		delete(c.sections[0], name)
		if err := os.WriteFile(o.Checkpoint, encodedCheckpoint(t, c), 0o666); err != nil {
			t.Fatal(err)
		}
		c.sections[0][name] = p
		r, err := Run(t.Context(), o, nil)
		var refused *CheckpointError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), strings.TrimPrefix(name, bestPrefix)) || refused.Path != o.Checkpoint {
			t.Errorf("without %s: %v", name, err)
		}
		if r.Model != nil {
			t.Error("there is a model")
		}
	}
}

func FuzzCheckpoint(f *testing.F) {
	good := encodedCheckpoint(f, smallCheckpoint())
	f.Add(good)
	f.Add(good[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseCheckpoint(data)
		if err != nil {
			return
		}
		if c.progress.check(10, 10) != nil {
			return
		}
		again, err := parseCheckpoint(encodedCheckpoint(t, c))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c, again, cmp.AllowUnexported(checkpoint{})); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}
