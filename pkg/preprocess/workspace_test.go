package preprocess

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/effnet/effnet/pkg/profile"
	"github.com/google/go-cmp/cmp"
)

// pictures are all files of the tests, whole and broken.
func pictures(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"testdata/pillow/*", "../../testdata/*.*", "../../testdata/broken/*.*", "../../testdata/broken/exif/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, files...)
	}
	if len(all) < 200 {
		t.Fatalf("only %d files", len(all))
	}
	return all
}

// Read gives the tensor of Decode, Resize and Normalise, or their error, though
// it neither makes all of a JPEG nor turns pictures before they are small.
func TestReadEqualsItsParts(t *testing.T) {
	ws := new(Workspace)
	for i, file := range pictures(t) {
		data := readFile(t, file)
		for j, c := range []Crop{Center, Squash, Pad} {
			o := Options{Lenient: (i+j)%2 == 0, NoEXIF: (i+j)%5 == 0, MaxPixels: 1 << 20}
			pr := profile.ImageNet(32 + 8*j)
			pr.Interpolation = []profile.Interpolation{profile.Bicubic, profile.Lanczos, profile.BicubicTF2, profile.Nearest}[(i+j)%4]
			n := 3 * pr.Resolution * pr.Resolution
			got, want := make([]float32, n), make([]float32, n)
			in, err := ws.Read(data, o, c, pr, got)
			p, wantErr := Decode(data, o)
			if d := cmp.Diff(wantErr, err); d != "" {
				t.Fatalf("%s: error (-Decode +Read): %s", file, d)
			}
			if err != nil {
				continue
			}
			if in.Format != p.Format || in.Width != p.Width || in.Height != p.Height || in.Damaged != p.Damaged {
				t.Errorf("%s: %+v, Decode says %s, %d×%d, damaged %v", file, in, p.Format, p.Width, p.Height, p.Damaged)
			}
			if pr.Interpolation == profile.BicubicTF2 { // Resize would round
				err = Tensor(p, c, pr, want)
			} else {
				img, resizeErr := p.Resize(c, pr)
				if err = resizeErr; err == nil {
					Normalise(img, pr, want)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, want, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
				t.Errorf("%s, %s, %s, %+v: not the tensor of Decode and Resize", file, c, pr.Interpolation, o)
			}
		}
	}
}

func TestScaleOfAPlace(t *testing.T) {
	for _, tt := range []struct {
		w, h int
		c    Crop
		want int
	}{
		{4000, 3000, Center, 8}, {500, 375, Center, 1}, {1024, 1024, Center, 4}, {1023, 1023, Center, 2}, {512, 512, Center, 2},
		{4000, 300, Squash, 1}, {4000, 500, Squash, 2}, {4000, 100, Pad, 8}, {1, 1, Center, 1},
	} {
		at, err := newPlace(tt.c, tt.w, tt.h, profile.ImageNet(224))
		if err != nil {
			t.Fatal(err)
		}
		if got := at.scale(1); got != tt.want {
			t.Errorf("%d×%d, %s: 1/%d, want 1/%d", tt.w, tt.h, tt.c, got, tt.want)
		}
	}
}

// Scaled decoding shows the same picture, in the same place whatever the
// orientation: the tensors of all eight files differ little from the full one.
func TestScaledShowsTheSame(t *testing.T) {
	ws := new(Workspace)
	pr := profile.ImageNet(32)
	n := 3 * 32 * 32
	files := []string{"../../testdata/cat.jpg", "../../testdata/coffee.jpg", "../../testdata/rocket.jpg"}
	for _, file := range files {
		data := readFile(t, file)
		for o := 1; o <= 8; o++ {
			for _, c := range []Crop{Center, Squash, Pad} {
				turned := withOrientation(data, byte(o))
				full, scaled := make([]float32, n), make([]float32, n)
				if _, err := ws.Read(turned, Options{}, c, pr, full); err != nil {
					t.Fatal(err)
				}
				in, err := ws.Read(turned, Options{Scaling: Scaling{Gap: 1}}, c, pr, scaled)
				if err != nil {
					t.Fatal(err)
				}
				if in.Scale < 4 || slices.Equal(full, scaled) {
					t.Errorf("%s, orientation %d, %s: decoded at 1/%d", file, o, c, in.Scale)
				}
				sum := 0.0
				for i := range full {
					sum += math.Abs(float64(full[i] - scaled[i]))
				}
				if mean := sum / float64(n); mean > 0.05 {
					t.Errorf("%s, orientation %d, %s: mean difference %.4f", file, o, c, mean)
				}
			}
		}
	}
}

// A filter that takes single pixels gets those of the whole picture.
func TestScaledOnlyWhereTheFilterAverages(t *testing.T) {
	data, ws, pr := readFile(t, "../../testdata/cat.jpg"), new(Workspace), profile.ImageNet(32)
	dst := make([]float32, 3*32*32)
	for f, want := range map[profile.Interpolation]int{
		profile.Bicubic: 8, profile.Bilinear: 8, profile.Lanczos: 8, profile.Nearest: 1, profile.BicubicTF1: 1, profile.BicubicTF2: 1,
	} {
		pr.Interpolation = f
		if in, err := ws.Read(data, Options{Scaling: Scaling{Gap: 1}}, Center, pr, dst); err != nil || in.Scale != want {
			t.Errorf("%s: decoded at 1/%d, want 1/%d; %v", f, in.Scale, want, err)
		}
	}
}

// withOrientation puts an EXIF block after the start marker of a JPEG.
func withOrientation(data []byte, o byte) []byte {
	block := "\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + string(rune(o)) + "\x00\x00\x00\x00\x00\x00\x00"
	return slices.Concat(data[:2], []byte(block), data[2:])
}

func TestUnturned(t *testing.T) {
	for o := 0; o <= 8; o++ {
		img := filled(5, 3, color.Black)
		img.Pix[img.PixOffset(1, 2)] = 9 // one red pixel of the stored picture
		up := orient(img, o)
		for y := range up.Rect.Dy() {
			for x := range up.Rect.Dx() {
				if up.Pix[up.PixOffset(x, y)] != 9 {
					continue
				}
				r := unturned(image.Rect(x, y, x+1, y+1), 5, 3, o)
				if r != image.Rect(1, 2, 2, 3) {
					t.Errorf("orientation %d: %v", o, r)
				}
			}
		}
	}
}

// A workspace allocates a few small things for each JPEG or PNG, no picture.
func TestReadAllocatesNoPicture(t *testing.T) {
	data, ws, pr := readFile(t, "../../testdata/cat.jpg"), new(Workspace), profile.ImageNet(224)
	p, err := Decode(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var photo bytes.Buffer
	if err := png.Encode(&photo, p.RGB); err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, 3*224*224)
	for _, data := range [][]byte{data, photo.Bytes()} {
		read := func() {
			if _, err := ws.Read(data, Options{}, Center, pr, dst); err != nil {
				t.Fatal(err)
			}
		}
		read()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 8 {
			read()
		}
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) / 8; n > 4096 {
			t.Errorf("%.4q: %d bytes in %d allocations", data, n, (after.Mallocs-before.Mallocs)/8)
		}
	}
}
