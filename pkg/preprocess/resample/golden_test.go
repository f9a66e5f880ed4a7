package resample

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"image"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/profile"
)

// golden is a line of testdata/pillow.txt, made by tools/golden/resample.py.
type golden struct {
	name   string
	g      Geometry
	digest string
}

func goldens(t testing.TB) []golden {
	t.Helper()
	f, err := os.Open("testdata/pillow.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []golden
	for lines := bufio.NewScanner(f); lines.Scan(); {
		x := golden{name: lines.Text()}
		method, rest, _ := strings.Cut(x.name, " ")
		b := &x.g.Box
		if _, err := fmt.Sscanf(rest, "%dx%d %g,%g,%g,%g %dx%d %s", &x.g.Width, &x.g.Height,
			&b[0], &b[1], &b[2], &b[3], &x.g.OutW, &x.g.OutH, &x.digest); err != nil {
			t.Fatalf("%q: %v", x.name, err)
		}
		x.g.Filter = profile.Interpolation(method)
		all = append(all, x)
	}
	if len(all) < 600 {
		t.Fatalf("only %d goldens", len(all))
	}
	return all
}

// picture is noise of tools/golden/generator.py, [height, width, 3].
func picture(width, height int) []byte {
	const gamma = 0x9e3779b97f4a7c15
	seed := uint64(8)
	h := fnv.New64a()
	fmt.Fprintf(h, "noise %dx%d", width, height)
	state := h.Sum64() ^ seed*gamma
	pix := make([]byte, 3*width*height)
	for i := range pix {
		state += gamma
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		u := float64(z>>40) / (1 << 24)
		pix[i] = byte(min(max(math.Floor(u*512)-128, 0), 255))
	}
	return pix
}

// Every tier gives Pillow's pixels, whether the rows come at once or one by
// one, of three bytes a pixel or of four.
func TestEqualsPillow(t *testing.T) {
	all := goldens(t)
	for _, set := range Sets() {
		t.Run(string(set.Tier), func(t *testing.T) {
			r := New(set)
			for i, x := range all {
				pix := picture(x.g.Width, x.g.Height)
				size := 3 + i%2
				if size == 4 {
					pix = widened(pix)
				}
				got := run(t, r, x.g, pix, size, 1+i%6)
				if d := fmt.Sprintf("%x", sha256.Sum256(got))[:16]; d != x.digest {
					t.Errorf("%s: not Pillow's pixels, but %s", x.name, d)
				}
			}
		})
	}
}

// widened gives each pixel a fourth byte.
func widened(rgb []byte) []byte {
	out := make([]byte, 0, len(rgb)/3*4)
	for ; len(rgb) > 0; rgb = rgb[3:] {
		out = append(out, rgb[0], rgb[1], rgb[2], byte(len(out)))
	}
	return out
}

// run resizes stored pixels, given n rows at a time, to packed RGB.
func run(t testing.TB, r *Resampler, g Geometry, pix []byte, size, n int) []byte {
	t.Helper()
	p, err := r.Plan(g)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := p.stored(g.Width, g.Height)
	out := make([]byte, 3*g.OutW*g.OutH)
	r.Start(p, size, Target{Pix: out})
	feed(r, p.Needs(), pix, size*w, size, n)
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	return out
}

// feed gives the needed rows; slices end where the last needed pixel does.
func feed(r *Resampler, needs image.Rectangle, pix []byte, stride, size, n int) {
	for y := needs.Min.Y; y < needs.Max.Y; y += n {
		rows := min(n, needs.Max.Y-y)
		end := (y+rows-1)*stride + size*needs.Max.X
		r.Rows(y, pix[y*stride+size*needs.Min.X:end:end], stride, rows)
	}
}
