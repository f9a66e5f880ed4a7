package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/preprocess"
)

func TestUpsampling(t *testing.T) {
	const h, w = 5, 7
	for name, f := range map[string]func(y, x float64) float64{
		"constant": func(_, _ float64) float64 { return 3 },
		"slope":    func(y, x float64) float64 { return 2*y - 3*x + 1 },
	} {
		m := Map{H: h, W: w, Values: make([]float32, h*w)}
		for i := range m.Values {
			m.Values[i] = float32(f(float64(i/w)+0.5, float64(i%w)+0.5))
		}
		const scale = 8
		got := m.Upsampled(h*scale, w*scale)
		for y := 2 * scale; y < (h-2)*scale; y++ {
			for x := 2 * scale; x < (w-2)*scale; x++ {
				want := f((float64(y)+0.5)/scale, (float64(x)+0.5)/scale)
				if v := got[y*w*scale+x]; !(math.Abs(float64(v)-want) < 1e-4) {
					t.Fatalf("%s: at %d,%d %v, want %v", name, y, x, v, want)
				}
			}
		}
	}
}

// A cell stays where it is, at odd sizes and in a part of the input too.
func TestUpsamplingKeepsPlaces(t *testing.T) {
	m := Map{H: 3, W: 5, Values: make([]float32, 15)}
	m.Values[1*5+3] = 1
	for _, tt := range []struct {
		r          region
		h, w, y, x int
	}{
		{wholeInput, 9, 15, 4, 10},
		{wholeInput, 3, 5, 1, 3},
		{region{0.6, 0, 1, 1}, 9, 6, 4, 1},
		{region{0, 1. / 3, 1, 2. / 3}, 3, 15, 1, 10},
	} {
		got := m.sampled(tt.r, tt.h, tt.w)
		best := 0
		for i, v := range got {
			if v > got[best] {
				best = i
			}
		}
		if best != tt.y*tt.w+tt.x || got[best] != 1 {
			t.Errorf("%v: %v at %d,%d", tt, got[best], best/tt.w, best%tt.w)
		}
	}
}

// Steps of the ramp are equal in OKLab, as far as eight bits allow, and go up.
func TestRamp(t *testing.T) {
	var lab [256][3]float64
	for i, c := range ramp() {
		lab[i] = okLab(c)
	}
	const stride = 17
	mean := 0.0
	for i := stride; i < 256; i += stride {
		mean += distance(lab[i], lab[i-stride]) / (255 / stride)
	}
	for i := stride; i < 256; i += stride {
		if d := distance(lab[i], lab[i-stride]); !(d > 0.9*mean && d < 1.1*mean) {
			t.Errorf("step to %d is %.4f, the mean %.4f", i, d, mean)
		}
		if lab[i][0] <= lab[i-stride][0]+0.02 {
			t.Errorf("step %d is not lighter: %.3f, %.3f", i, lab[i][0], lab[i-stride][0])
		}
	}
}

// okLab is the inverse of linearRGB, by Newton's steps on its numeric derivative.
func okLab(c color.NRGBA) [3]float64 {
	want := [3]float64{linear(c.R), linear(c.G), linear(c.B)}
	lab := [3]float64{0.6, 0, 0}
	for range 60 {
		at := linearRGB(lab)
		var j [3][3]float64
		for k := range lab {
			moved := lab
			moved[k] += 1e-6
			for i, v := range linearRGB(moved) {
				j[i][k] = (v - at[i]) / 1e-6
			}
		}
		d := solve(j, [3]float64{want[0] - at[0], want[1] - at[1], want[2] - at[2]})
		for k := range lab {
			lab[k] += d[k]
		}
	}
	return lab
}

func linear(b byte) float64 {
	if v := float64(b) / 255; v > 0.04045 {
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return float64(b) / 255 / 12.92
}

// solve is Cramer's rule.
func solve(m [3][3]float64, b [3]float64) (x [3]float64) {
	det := func(m [3][3]float64) float64 {
		return m[0][0]*(m[1][1]*m[2][2]-m[1][2]*m[2][1]) - m[0][1]*(m[1][0]*m[2][2]-m[1][2]*m[2][0]) + m[0][2]*(m[1][0]*m[2][1]-m[1][1]*m[2][0])
	}
	for k := range x {
		n := m
		for i := range n {
			n[i][k] = b[i]
		}
		x[k] = det(n) / det(m)
	}
	return x
}

// drawn is a white picture whose crop has one hot cell, right above the middle.
func drawn() *Explanation {
	img := image.NewNRGBA(image.Rect(0, 0, 200, 100))
	for i := range img.Pix {
		img.Pix[i] = 200
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	m := Map{Class: 4, Rank: 1, Label: "a\x1b[31m\nb", Probability: 0.5, Logit: 1.25, Bias: 0.25, H: 3, W: 3, Values: []float32{0, 0, 9, -1, -1, 1, 0, 0, 1}}
	return &Explanation{
		Format: "png", Width: 200, Height: 100, Input: image.NewNRGBA(image.Rect(0, 0, 64, 64)), picture: img, Maps: []Map{m},
		Place: preprocess.Place{Source: image.Rect(60, 10, 140, 90), Dest: image.Rect(0, 0, 64, 64)},
	}
}

func TestPictureShowsCropAndHeat(t *testing.T) {
	img := drawn().Picture(Style{Height: 100})
	if want := image.Pt(margin+200+margin+leastColumns*letter+margin, margin+100+2*lineHeight+margin); img.Rect.Size() != want {
		t.Fatalf("size %v, want %v", img.Rect.Size(), want)
	}
	at := func(x, y int) color.NRGBA { return img.NRGBAAt(margin+x, margin+y) }
	if c := at(5, 5); c.R != 70 {
		t.Errorf("beside the crop %v", c)
	}
	if c := at(100, 50); c.R != 200 {
		t.Errorf("in the crop %v", c)
	}
	for _, p := range []image.Point{{60, 50}, {139, 50}, {100, 10}, {100, 89}} {
		if at(p.X, p.Y) != frameColour {
			t.Errorf("frame at %v is %v", p, at(p.X, p.Y))
		}
	}
	hot, cold := at(200+margin+84, 16), at(200+margin+16, 50)
	if luma(hot) < luma(cold)+60 {
		t.Errorf("hot %v, cold %v", hot, cold)
	}
}

func luma(c color.NRGBA) int { return (3*int(c.R) + 6*int(c.G) + int(c.B)) / 10 }

func TestNothingSpeaksForIt(t *testing.T) {
	x := drawn()
	for i := range x.Maps[0].Values {
		x.Maps[0].Values[i] = -1
	}
	for _, v := range x.Maps[0].heat(wholeInput, 5, 5) {
		if v != 0 {
			t.Fatalf("heat %v", v)
		}
	}
}

func TestEncode(t *testing.T) {
	img := drawn().Picture(Style{})
	for format, decode := range map[string]func(b *bytes.Buffer) (image.Image, error){
		"png":  func(b *bytes.Buffer) (image.Image, error) { return png.Decode(b) },
		"jpeg": func(b *bytes.Buffer) (image.Image, error) { return jpeg.Decode(b) },
	} {
		var b bytes.Buffer
		if err := Encode(&b, format, img); err != nil {
			t.Fatal(err)
		}
		if got, err := decode(&b); err != nil || got.Bounds() != img.Rect {
			t.Errorf("%s: %v", format, err)
		}
	}
	if err := Encode(&bytes.Buffer{}, "gif", img); err == nil {
		t.Error("gif is no format")
	}
}

func TestPreview(t *testing.T) {
	x := drawn()
	x.Maps = append(x.Maps, x.Maps[0], x.Maps[0])
	for columns, want := range map[int]struct{ rows, tile int }{120: {1, 39}, 60: {2, 24}, 24: {3, 24}, 3: {3, 12}} {
		var b bytes.Buffer
		if err := x.Preview(&b, columns, Blocks); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if n := want.rows * ((want.tile+1)/2 + 1); len(lines) != n {
			t.Errorf("%d columns: %d lines, want %d", columns, len(lines), n)
		}
		for _, l := range lines {
			if n := strings.Count(l, "▀"); n > max(columns, leastTile) {
				t.Errorf("%d columns: a line of %d", columns, n)
			}
			if strings.Contains(l, "\x1b[31m") {
				t.Error("a label commands the terminal")
			}
		}
	}
	var b bytes.Buffer
	if err := x.Preview(&b, 80, Kitty); err != nil || !strings.HasPrefix(b.String(), "\x1b_Ga=T,f=100,m=") || !strings.HasSuffix(b.String(), "\x1b\\\n") {
		t.Errorf("%.40q %v", b.String(), err)
	}
	b.Reset()
	if err := x.Preview(&b, 80, ITerm); err != nil || !strings.HasPrefix(b.String(), "\x1b]1337;File=inline=1;size=") {
		t.Errorf("%.40q %v", b.String(), err)
	}
	if err := x.Preview(failing{}, 80, Blocks); err == nil {
		t.Error("a write error is lost")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want Protocol
	}{
		{map[string]string{}, ""},
		{map[string]string{"TERM": "xterm-256color"}, ""},
		{map[string]string{"COLORTERM": "truecolor"}, Blocks},
		{map[string]string{"TERM": "xterm-kitty"}, Kitty},
		{map[string]string{"TERM_PROGRAM": "iTerm.app", "COLORTERM": "truecolor"}, ITerm},
		{map[string]string{"TERM_PROGRAM": "iTerm.app", "COLORTERM": "truecolor", "TMUX": "/tmp/x"}, Blocks},
	} {
		if got := Detect(func(k string) string { return tt.env[k] }); got != tt.want {
			t.Errorf("%v: %q", tt.env, got)
		}
	}
}

func TestRecord(t *testing.T) {
	got, err := json.Marshal(drawn().Record("a\xff.png", "lite0"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":"effnet/v1","path":"a\ufffd.png","path_b64":"Yf8ucG5n","model":"lite0",` +
		`"image":{"format":"png","width":200,"height":100},"crop":{"x":60,"y":10,"width":80,"height":80},` +
		`"input":{"x":0,"y":0,"width":64,"height":64},"maps":[{"rank":1,"index":4,"label":"a\u001b[31m\nb","probability":0.5,` +
		`"logit":1.25,"bias":0.25,"map":[[0,0,9],[-1,-1,1],[0,0,1]]}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
