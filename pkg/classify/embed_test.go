package classify

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/weights"
)

// The features times the classifier's weights are the logits, and every way to
// the features gives the same bits.
func TestEmbed(t *testing.T) {
	w := randomModel(5)
	path := write(t, w)
	m := open(t, path, Options{Threads: 2})
	list := pictures(t, 3)
	plain := expect(t, m, list)
	s := m.Session(2)
	defer s.Close()
	batch := s.EmbedBatch(t.Context(), [][]byte{list[0], []byte("no picture"), list[1], list[2]})
	checkKind(t, batch[1].Err, KindFormat)
	both := expect(t, open(t, path, Options{Embedding: true}), list)
	for i, data := range list {
		got, err := m.Embed(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != m.Features() || m.Features() != 1280 {
			t.Fatalf("%d features, Features() is %d", len(got), m.Features())
		}
		checkLogits(t, w, got, plain[i].Logits)
		one, err := s.Embed(t.Context(), data)
		if diff := cmp.Diff(got, one); diff != "" || err != nil {
			t.Errorf("session: %s %v", diff, err)
		}
		want := *plain[i]
		want.Embedding = got
		o := batch[i+min(i, 1)]
		if diff := cmp.Diff(&want, o.Result, ignoreTimes); diff != "" || o.Err != nil {
			t.Errorf("batch: %s %v", diff, o.Err)
		}
		if diff := cmp.Diff(&want, both[i], ignoreTimes); diff != "" {
			t.Errorf("with the option: %s", diff)
		}
	}
}

// checkLogits computes the classifier in float64.
func checkLogits(t *testing.T, w *weights.Model, features, logits []float32) {
	t.Helper()
	weight, bias := w.Params["classifier.weight"].Data, w.Params["classifier.bias"].Data
	for c, got := range logits {
		want := float64(bias[c])
		for k, f := range features {
			want += float64(weight[c*len(features)+k]) * float64(f)
		}
		if !(math.Abs(float64(got)-want) < 1e-4) {
			t.Errorf("class %d: logit %v, from the features %v", c, got, want)
		}
	}
}

func TestEmbedErrors(t *testing.T) {
	m := open(t, write(t, randomModel(2)), Options{})
	_, err := m.Embed(t.Context(), []byte("no picture"))
	checkKind(t, err, KindFormat)
	w := randomModel(2)
	for i := range w.Params["classifier.weight"].Data {
		w.Params["classifier.weight"].Data[i] = math.MaxFloat32
	}
	_, err = open(t, write(t, w), Options{}).Embed(t.Context(), pictures(t, 1)[0])
	checkKind(t, err, KindModel)
}

func TestEmbeddingsAreCached(t *testing.T) {
	cache := newMemory()
	m := open(t, write(t, randomModel(3)), Options{Embedding: true, Cache: cache})
	list := pictures(t, 2)
	s := m.Session(0)
	defer s.Close()
	want := s.EmbedBatch(t.Context(), list)
	if len(cache.values) != 2 {
		t.Fatalf("%d values in the cache", len(cache.values))
	}
	for i, o := range s.EmbedBatch(t.Context(), list) {
		if o.Result.Timing.Model != 0 {
			t.Error("computed again")
		}
		if diff := cmp.Diff(want[i].Result, o.Result, ignoreTimes); diff != "" {
			t.Error(diff)
		}
	}
	got, err := m.Embed(t.Context(), list[1])
	if diff := cmp.Diff(want[1].Result.Embedding, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestTemperature(t *testing.T) {
	for _, classes := range []int{1, 3} {
		w := randomModel(classes)
		list := pictures(t, 1)
		want := expect(t, open(t, write(t, w), Options{}), list)[0]
		w.Temperature = 2
		m := open(t, write(t, w), Options{})
		if got := m.Info().Temperature; got != 2 {
			t.Errorf("temperature %v", got)
		}
		got := expect(t, m, list)[0]
		if diff := cmp.Diff(want.Logits, got.Logits); diff != "" {
			t.Error(diff)
		}
		half := make([]float32, classes)
		for i, l := range want.Logits {
			half[i] = l / 2
		}
		p := probabilitiesOf(half, 1)
		for i, v := range got.Probabilities() {
			if !(math.Abs(v-p[i]) < 1e-7) {
				t.Errorf("class %d: %v, want %v", i, v, p[i])
			}
		}
		for i, q := range got.Predictions {
			if q.Probability != got.Probabilities()[q.Index] || q.Index != want.Predictions[i].Index || q.Probability == want.Predictions[i].Probability {
				t.Errorf("got %+v, without temperature %+v", q, want.Predictions[i])
			}
		}
	}
}

func TestBothLabelsOfASingleOutput(t *testing.T) {
	w := randomModel(1)
	w.Labels = letters(2)
	info := open(t, write(t, w), Options{}).Info()
	if info.Other.Name != letters(2)[0].Name || len(info.Labels) != 1 || info.Labels[0].Name != letters(2)[1].Name {
		t.Errorf("got %v, %v", info.Labels, info.Other)
	}
}
