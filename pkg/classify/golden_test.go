package classify

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
)

// The embedded model's own goldens are stored inputs: logits within 1e-4 of
// their deviation on every tier of this machine.
func TestVerify(t *testing.T) {
	for _, set := range kernels.Sets() {
		t.Run(string(set.Tier), func(t *testing.T) {
			t.Setenv("EFFNET_CPU", string(set.Tier))
			m := open(t, "", Options{})
			if m.Info().Tier != string(set.Tier) {
				t.Fatalf("tier %s", m.Info().Tier)
			}
			worst, err := m.Verify()
			if err != nil {
				t.Fatal(err)
			}
			if !(worst <= 1e-4) {
				t.Errorf("logits differ by %g of their deviation", worst)
			}
		})
	}
}

func TestVerifyFindsAWrongModel(t *testing.T) {
	m := open(t, "", Options{})
	m.goldens[1].Logits[7] += 1
	if worst, err := m.Verify(); err != nil || worst < 0.1 {
		t.Errorf("got %g, %v", worst, err)
	}
	m.goldens[1].Logits[7] = float32(math.NaN())
	if worst, err := m.Verify(); err == nil {
		t.Errorf("got %g of a golden that is NaN", worst)
	}
	if _, err := open(t, "", Options{Overrides: "bn_eps=0.1"}).Verify(); err == nil {
		t.Error("verified with another profile")
	}
	if _, err := open(t, write(t, randomModel(2)), Options{}).Verify(); err == nil {
		t.Error("verified without goldens")
	}
}

// From the encoded photo the top five are those of the reference, which
// decodes and resizes with Pillow, and their probabilities within 0.01.
func TestPhotosEqualReference(t *testing.T) {
	golden := testkit.OpenGolden(t, "lite0_photos")
	m := open(t, "", Options{})
	for _, name := range []string{"cat.jpg", "coffee.jpg", "rocket.jpg"} {
		r, err := m.Bytes(t.Context(), photo(t, name))
		if err != nil {
			t.Fatal(err)
		}
		var indices []int
		for i, p := range r.Predictions {
			indices = append(indices, p.Index)
			want := float64(golden.Float32s(name + "/top5.probabilities")[i])
			if !(math.Abs(p.Probability-want) <= 0.01) {
				t.Errorf("%s: probability of rank %d is %f, want %f", name, p.Rank, p.Probability, want)
			}
		}
		if diff := cmp.Diff(golden.Ints(name+"/top5.indices"), indices); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
