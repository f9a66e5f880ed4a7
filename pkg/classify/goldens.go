package classify

import (
	"context"
	"fmt"

	"github.com/effnet/effnet/models"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
	"github.com/effnet/effnet/pkg/weights"
)

// Tolerance is the most that a logit may differ from a golden, in units of the
// deviation of the golden's logits, see Model.Verify.
const Tolerance = 1e-3

const (
	// most goldens of a model, and the multiply-adds above which it gets one.
	mostGoldens = 2
	oneGolden   = 1e9
	// portableMACs is how many multiply-adds the portable kernels are given;
	// they need about three seconds for so many on one core.
	portableMACs = 2e9
)

// Goldens computes what the network gives for pictures of its own resolution,
// those of the embedded model, squeezed to fit. Networks of up to two billion
// multiply-adds are computed by the portable kernels, which are the oracle of
// the others; larger ones by the best that this machine has. tier says which.
// An error means that w is no network.
func Goldens(ctx context.Context, w *weights.Model) (goldens []weights.Golden, tier string, err error) {
	pixels := func(i int) ([]byte, error) { return goldenPixels(w.Profile, i) }
	return goldensOf(ctx, w, mostGoldens, pixels)
}

// PictureGoldens is Goldens of the first of the given pictures,
// [resolution·resolution·3] RGB each, as many as Goldens computes.
func PictureGoldens(ctx context.Context, w *weights.Model, pictures [][]byte) (goldens []weights.Golden, tier string, err error) {
	for i, p := range pictures {
		if side := w.Profile.Resolution; len(p) != side*side*3 {
			return nil, "", fmt.Errorf("golden %d: %d bytes are not %d×%d pixels", i, len(p), side, side)
		}
	}
	pixels := func(i int) ([]byte, error) { return pictures[i], nil }
	return goldensOf(ctx, w, min(mostGoldens, len(pictures)), pixels)
}

func goldensOf(ctx context.Context, w *weights.Model, most int, pixels func(i int) ([]byte, error)) (goldens []weights.Golden, tier string, err error) {
	variant, err := model.Lookup(w.Variant)
	if err != nil {
		return nil, "", err
	}
	macs := int64(0)
	for _, s := range model.Trace(variant, w.Profile.Padding, w.Profile.Resolution, w.Classes()) {
		macs += s.MACs()
	}
	set := kernels.Sets()[0]
	if macs > portableMACs {
		if set, err = kernels.Best(); err != nil {
			return nil, "", &UsageError{Msg: err.Error()}
		}
	}
	plan, err := model.Compile(variant, w.Profile, w.Params, set)
	if err != nil {
		return nil, "", err
	}
	count := most
	if macs > oneGolden {
		count = min(count, 1)
	}
	o := Options{}
	ws := plan.NewWorkspace(o.threads())
	defer ws.Close()
	for i := range count {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		g, err := newGolden(plan, ws, w.Profile, i, pixels)
		if err != nil {
			return nil, "", fmt.Errorf("golden %d: %w", i, err)
		}
		goldens = append(goldens, g)
	}
	return goldens, string(plan.Tier()), nil
}

func newGolden(plan *model.Plan, ws *model.Workspace, p profile.Profile, i int, pixels func(i int) ([]byte, error)) (g weights.Golden, err error) {
	defer guard(&err)
	rgb, err := pixels(i)
	if err != nil {
		return g, err
	}
	side := p.Resolution
	in := tensor.New(tensor.Shape{N: 1, H: side, W: side, C: 3})
	preprocess.Normalise(opaque(rgb, side), p, in.Data)
	logits, err := plan.Run(ws, in)
	if err != nil {
		return g, err
	}
	return weights.Golden{Pixels: rgb, Logits: append([]float32(nil), logits...)}, checkFinite(logits)
}

// goldenPixels is the i-th picture of the embedded model as packed RGB,
// [resolution·resolution·3].
func goldenPixels(p profile.Profile, i int) ([]byte, error) {
	lite0, err := weights.Read(models.Lite0)
	if err != nil {
		return nil, err
	}
	picture, err := preprocess.FromImage(opaque(lite0.Goldens[i].Pixels, lite0.Profile.Resolution))
	if err != nil {
		return nil, err
	}
	img, err := picture.Resize(preprocess.Squash, p)
	if err != nil {
		return nil, err
	}
	rgb := make([]byte, 0, 3*p.Resolution*p.Resolution)
	for at := 0; at < len(img.Pix); at += 4 {
		rgb = append(rgb, img.Pix[at:at+3]...)
	}
	return rgb, nil
}
