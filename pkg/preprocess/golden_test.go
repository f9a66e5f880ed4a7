package preprocess

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/profile"
)

// TestDecodeEqualsPillow holds every form of the formats to the pixels of
// Pillow's convert("RGB"), which lie beside each as .ppm.
func TestDecodeEqualsPillow(t *testing.T) {
	wanted, err := filepath.Glob("testdata/pillow/*.ppm")
	if err != nil || len(wanted) < 90 {
		t.Fatalf("only %d goldens (%v)", len(wanted), err)
	}
	for _, ppm := range wanted {
		name := strings.TrimSuffix(filepath.Base(ppm), ".ppm")
		t.Run(name, func(t *testing.T) {
			p, err := Decode(readFile(t, strings.TrimSuffix(ppm, ".ppm")), Options{})
			if err != nil {
				t.Fatal(err)
			}
			w, h, want := readPPM(t, ppm)
			if p.Width != w || p.Height != h || p.RGB.Rect != image.Rect(0, 0, w, h) {
				t.Fatalf("%d×%d (%v), want %d×%d", p.Width, p.Height, p.RGB.Rect, w, h)
			}
			if ext := strings.TrimPrefix(filepath.Ext(name), "."); !strings.HasPrefix(p.Format, ext) {
				t.Errorf("format %q of %s", p.Format, name)
			}
			comparePixels(t, p.RGB, want)
		})
	}
}

// TestResizeEqualsPillow reads testdata/golden/pixels.safetensors, made by
// Pillow's crop and resize.
func TestResizeEqualsPillow(t *testing.T) {
	golden := testkit.OpenGolden(t, "pixels")
	for _, name := range golden.Names() {
		t.Run(name, func(t *testing.T) {
			parts := strings.Split(name, "/")
			var res int
			if _, err := fmt.Sscan(parts[2], &res); err != nil {
				t.Fatal(err)
			}
			file, part, cut := strings.Cut(parts[0], "@")
			p, err := Decode(readFile(t, filepath.Join("../../testdata", file)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if cut {
				var w, h int
				if _, err := fmt.Sscanf(part, "%dx%d", &w, &h); err != nil {
					t.Fatal(err)
				}
				if p, err = FromImage(p.RGB.SubImage(image.Rect(0, 0, w, h))); err != nil {
					t.Fatal(err)
				}
			}
			pr := profile.ImageNet(res)
			pr.Interpolation = profile.Interpolation(parts[3])
			img, err := p.Resize(Crop(parts[1]), pr)
			if err != nil {
				t.Fatal(err)
			}
			comparePixels(t, img, golden.Uint8s(name))
		})
	}
}

// comparePixels wants opaque pixels, those of want, [H·W·3].
func comparePixels(t *testing.T, img *image.NRGBA, want []byte) {
	t.Helper()
	n := img.Rect.Dx() * img.Rect.Dy()
	if len(want) != 3*n || len(img.Pix) != 4*n {
		t.Fatalf("%d bytes of %v, want colours of %d bytes", len(img.Pix), img.Rect, len(want))
	}
	for i := range n {
		got, want := img.Pix[4*i:4*i+4], want[3*i:3*i+3]
		if got[3] != 255 {
			t.Fatalf("pixel %d is not opaque: %v", i, got)
		}
		if !bytes.Equal(got[:3], want) {
			t.Fatalf("pixel (%d,%d) is %v, want %v", i%img.Rect.Dx(), i/img.Rect.Dx(), got[:3], want)
		}
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// readPPM reads what Pillow writes: a header "P6\nW H\n255\n", then RGB.
func readPPM(t *testing.T, path string) (w, h int, pix []byte) {
	t.Helper()
	data := readFile(t, path)
	if _, err := fmt.Fscanf(bytes.NewReader(data), "P6\n%d %d\n255\n", &w, &h); err != nil || len(data) < 3*w*h {
		t.Fatalf("%s: %v", path, err)
	}
	return w, h, data[len(data)-3*w*h:]
}
