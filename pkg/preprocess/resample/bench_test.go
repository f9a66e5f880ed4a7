package resample

import (
	"fmt"
	"testing"

	"github.com/effnet/effnet/pkg/profile"
)

// BenchmarkTensor crops, resizes and normalises a decoded picture of 500×375
// pixels, and one of 4000×3000.
func BenchmarkTensor(b *testing.B) {
	for _, set := range Sets() {
		for _, side := range []struct{ w, h, crop int }{{500, 375, 328}, {4000, 3000, 2625}} {
			for _, filter := range []profile.Interpolation{profile.Bicubic, profile.Lanczos} {
				b.Run(fmt.Sprintf("%s/%dx%d/%s", set.Tier, side.w, side.h, filter), func(b *testing.B) {
					r, pix := New(set), picture(side.w, side.h)
					out := make([]float32, 3*224*224)
					norm := set.Normaliser([3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225})
					g := Geometry{Filter: filter, Width: side.crop, Height: side.crop,
						Box: [4]float32{2: float32(side.crop), 3: float32(side.crop)}, OutW: 224, OutH: 224}
					b.ReportAllocs()
					for b.Loop() {
						p, err := r.Plan(g)
						if err != nil {
							b.Fatal(err)
						}
						r.Start(p, 3, Target{Tensor: out, Norm: norm})
						r.Rows(0, pix, 3*side.w, side.crop)
						if err := r.Finish(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
