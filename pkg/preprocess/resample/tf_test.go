package resample

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/profile"
)

// The filters of TensorFlow give its very floats. The golden, made by
// tools/golden/tf_resize.py, is in units of 0..255.
func TestEqualsTensorFlow(t *testing.T) {
	golden := testkit.OpenGolden(t, "tf_resize")
	names := golden.Names()
	if len(names) < 20 {
		t.Fatalf("only %d goldens", len(names))
	}
	for _, name := range names {
		parts := strings.Split(name, "/")
		g := Geometry{Filter: profile.Interpolation(parts[0])}
		if _, err := fmt.Sscanf(parts[1]+" "+parts[2], "%dx%d %dx%d", &g.Width, &g.Height, &g.OutW, &g.OutH); err != nil {
			t.Fatal(err)
		}
		g.Box = [4]float32{2: float32(g.Width), 3: float32(g.Height)}
		p, err := NewPlan(g)
		if err != nil {
			t.Fatal(err)
		}
		wrong, all := 0, golden.Float32s(name)
		p.tf.run(picture(g.Width, g.Height), func(y, x, c int, v float32) {
			want := all[(y*g.OutW+x)*3+c]
			if math.Float32bits(v) != math.Float32bits(want) {
				if wrong++; wrong < 3 {
					t.Errorf("%s: (%d,%d,%d) is %v, want %v", name, x, y, c, v, want)
				}
			}
		})
	}
}
