package classify

import (
	"bytes"
	"testing"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

// small is a network of the family that takes milliseconds.
func small(t *testing.T, classes int) *weights.Model {
	t.Helper()
	v, err := model.Lookup("d0.3,w0.25,r64")
	if err != nil {
		t.Fatal(err)
	}
	return &weights.Model{
		Name: "small", Variant: v.Name, Profile: profile.ImageNet(64),
		Params: model.Random(v.ParamSpecs(classes), 1),
	}
}

// What the goldens of a converted model hold is verified on every tier.
func TestGoldensVerify(t *testing.T) {
	w := small(t, 7)
	var err error
	var tier string
	if w.Goldens, tier, err = Goldens(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if len(w.Goldens) != mostGoldens || tier != "generic" {
		t.Fatalf("%d goldens of %s", len(w.Goldens), tier)
	}
	file := write(t, w)
	for _, set := range kernels.Sets() {
		m := open(t, file, Options{Tier: string(set.Tier)})
		if m.Info().Tier != string(set.Tier) {
			t.Fatalf("tier %s, want %s", m.Info().Tier, set.Tier)
		}
		worst, err := m.Verify()
		if err != nil || !(worst <= Tolerance/10) {
			t.Errorf("%s: %g, %v", set.Tier, worst, err)
		}
	}
	w.Goldens[1].Logits[3] += 0.1
	if worst, err := open(t, write(t, w), Options{}).Verify(); err != nil || worst <= Tolerance {
		t.Errorf("a wrong logit: %g, %v", worst, err)
	}
}

func TestGoldensRefuse(t *testing.T) {
	w := small(t, 3)
	delete(w.Params, "stem.norm.bias")
	if _, _, err := Goldens(t.Context(), w); err == nil {
		t.Error("a parameter is missing: no error")
	}
	w = small(t, 3)
	w.Variant = "b77"
	if _, _, err := Goldens(t.Context(), w); err == nil {
		t.Error("unknown variant: no error")
	}
	w = small(t, 3)
	for i := range w.Params["classifier.weight"].Data {
		w.Params["classifier.weight"].Data[i] = 3e38
	}
	if _, _, err := Goldens(t.Context(), w); err == nil {
		t.Error("logits overflow: no error")
	}
}

func TestPictureGoldens(t *testing.T) {
	w := small(t, 4)
	side := w.Profile.Resolution
	pictures := make([][]byte, mostGoldens+1)
	for i := range pictures {
		pictures[i] = bytes.Repeat([]byte{byte(40 * i), 200, byte(i)}, side*side)
	}
	var err error
	if w.Goldens, _, err = PictureGoldens(t.Context(), w, pictures); err != nil {
		t.Fatal(err)
	}
	if len(w.Goldens) != mostGoldens || !bytes.Equal(w.Goldens[1].Pixels, pictures[1]) {
		t.Errorf("%d goldens, or of other pixels", len(w.Goldens))
	}
	if worst, err := open(t, write(t, w), Options{}).Verify(); err != nil || !(worst <= Tolerance/10) {
		t.Errorf("%g, %v", worst, err)
	}
	if none, _, err := PictureGoldens(t.Context(), w, nil); err != nil || len(none) != 0 {
		t.Errorf("of no picture %d goldens, %v", len(none), err)
	}
	pictures[0] = pictures[0][1:]
	if _, _, err := PictureGoldens(t.Context(), w, pictures); err == nil {
		t.Error("a picture lacks a byte: no error")
	}
}
