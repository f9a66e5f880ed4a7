package preprocess

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/profile"
)

// FuzzDecode wants a small whole picture or an *Error from any bytes, and a
// picture that decodes strictly to decode the same leniently. Read does the same.
func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/pillow/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".ppm") {
			f.Add(readFile(f, name))
		}
	}
	for _, name := range []string{"good.jpg", "cmyk.jpg", "huge.gif", "photo.heic", "text.jpg"} {
		data, err := os.ReadFile("../../testdata/broken/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	const maxPixels = 1 << 14
	pr := profile.ImageNet(32)
	dst, read := make([]float32, 32*32*3), make([]float32, 32*32*3)
	ws := new(Workspace)
	f.Fuzz(func(t *testing.T, data []byte) {
		strict, err := Decode(data, Options{MaxPixels: maxPixels})
		checkDecoded(t, strict, err, maxPixels)
		lenient, lenientErr := Decode(data, Options{MaxPixels: maxPixels, Lenient: true})
		checkDecoded(t, lenient, lenientErr, maxPixels)
		switch {
		case err == nil && (lenientErr != nil || lenient.Damaged || strict.Damaged):
			t.Errorf("whole picture, yet with Lenient %v, %+v", lenientErr, lenient)
		case err != nil && lenientErr == nil && !lenient.Damaged:
			t.Errorf("%v, yet with Lenient a picture without a mark", err)
		}
		if lenientErr == nil {
			for _, c := range []Crop{Center, Squash, Pad} {
				if err := Tensor(lenient, c, pr, dst); err != nil {
					t.Error(err)
				}
				in, err := ws.Read(data, Options{MaxPixels: maxPixels, Lenient: true}, c, pr, read)
				if err != nil || in.Damaged != lenient.Damaged || !slices.Equal(read, dst) {
					t.Errorf("%s: Read gives another tensor than Decode, %+v, %v", c, in, err)
				}
				if _, err := ws.Read(data, Options{MaxPixels: maxPixels, Lenient: true, Scaling: Scaling{Gap: 1}}, c, pr, read); err != nil {
					t.Errorf("%s, scaled: %v", c, err)
				}
			}
		}
		if _, readErr := ws.Read(data, Options{MaxPixels: maxPixels}, Squash, pr, read); (readErr == nil) != (err == nil) {
			t.Errorf("Read: %v, Decode: %v", readErr, err)
		}
	})
}

func checkDecoded(t *testing.T, p *Picture, err error, maxPixels int) {
	t.Helper()
	if err != nil {
		var e *Error
		if p != nil || !errors.As(err, &e) || strings.Contains(e.Msg, "\n") {
			t.Fatalf("error %v beside %v", err, p)
		}
		if strings.Contains(e.Msg, "gave up") {
			t.Logf("a decoder panics: %v", err)
		}
		return
	}
	w, h := p.Width, p.Height
	if w < 1 || h < 1 || w*h > maxPixels || p.RGB.Rect != image.Rect(0, 0, w, h) || p.RGB.Stride != 4*w || len(p.RGB.Pix) < 4*w*h {
		t.Fatalf("picture of %d×%d in %v", w, h, p.RGB.Rect)
	}
	for i := 3; i < 4*w*h; i += 4 {
		if p.RGB.Pix[i] != 255 {
			t.Fatalf("pixel %d is not opaque", i/4)
		}
	}
}
