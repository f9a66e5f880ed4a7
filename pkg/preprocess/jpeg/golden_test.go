package jpeg

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goldenFiles returns the JPEGs of testdata by name.
func goldenFiles(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d golden files, error %v", len(paths), err)
	}
	files := make(map[string][]byte)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".jpg")] = data
	}
	return files
}

func goldenFile(t testing.TB, name string) []byte {
	t.Helper()
	data, ok := goldenFiles(t)[name]
	if !ok {
		t.Fatalf("no golden %q", name)
	}
	return data
}

// goldenPixels reads the pixels that Pillow gave, packed RGB.
func goldenPixels(t *testing.T, name string) (pix []byte, width, height int) {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			pix = append(pix, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return pix, b.Dx(), b.Dy()
}

func TestDecodeEqualsPillow(t *testing.T) {
	for name, data := range goldenFiles(t) {
		t.Run(name, func(t *testing.T) {
			want, width, height := goldenPixels(t, name)
			if w, h, err := DecodeConfig(data); w != width || h != height || err != nil {
				t.Errorf("DecodeConfig: %d×%d, %v; want %d×%d", w, h, err, width, height)
			}
			for _, set := range runnable() {
				for _, lenient := range []bool{false, true} {
					got, err := decodeWith(set, data, Options{Lenient: lenient})
					if err != nil {
						t.Fatal(err)
					}
					if got.Width != width || got.Height != height || got.Damaged {
						t.Fatalf("%d×%d, damaged %v; want %d×%d", got.Width, got.Height, got.Damaged, width, height)
					}
					comparePixels(t, got, want)
				}
			}
		})
	}
}

func comparePixels(t *testing.T, got *Image, want []byte) {
	t.Helper()
	if len(got.Pix) != len(want) {
		t.Fatalf("%d bytes of pixels, want %d", len(got.Pix), len(want))
	}
	for i, v := range want {
		if got.Pix[i] != v {
			p := i / 3
			t.Fatalf("pixel (%d, %d), channel %d: %d, want %d", p%got.Width, p/got.Width, i%3, got.Pix[i], v)
		}
	}
}
