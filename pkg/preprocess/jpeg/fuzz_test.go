package jpeg

import "testing"

func FuzzDecode(f *testing.F) {
	for _, data := range goldenFiles(f) {
		f.Add(data)
		f.Add(data[:len(data)*2/3])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		EXIF(data)
		strict, err := Decode(data, Options{MaxPixels: 1 << 18})
		lenient, lenientErr := Decode(data, Options{MaxPixels: 1 << 18, Lenient: true})
		if err == nil {
			width, height, configErr := DecodeConfig(data)
			if configErr != nil || width != strict.Width || height != strict.Height {
				t.Fatalf("DecodeConfig: %d×%d, %v; Decode: %d×%d", width, height, configErr, strict.Width, strict.Height)
			}
			if lenientErr != nil || lenient.Damaged || strict.Damaged {
				t.Fatalf("whole only in strict mode: %v", lenientErr)
			}
			comparePixels(t, lenient, strict.Pix)
		}
		if lenientErr != nil {
			if err == nil {
				t.Fatal(lenientErr)
			}
			return
		}
		if err != nil && !lenient.Damaged {
			t.Fatalf("damaged only in strict mode: %v", err)
		}
		everySet(t, data, lenient)
		if len(lenient.Pix) != lenient.Width*lenient.Height*3 || len(lenient.Pix) == 0 {
			t.Fatalf("%d bytes for %d×%d pixels", len(lenient.Pix), lenient.Width, lenient.Height)
		}
	})
}

// everySet decodes leniently with every set, whole and scaled down.
func everySet(t *testing.T, data []byte, want *Image) {
	for _, scale := range scales {
		for i, s := range runnable() {
			got, err := decodeWith(s, data, Options{Lenient: true, Scale: scale})
			if err != nil || got.Damaged != want.Damaged {
				t.Fatalf("%s, 1/%d: damaged or not, error %v", s.tier, scale, err)
			}
			if i == 0 && scale > 1 {
				want = got
			}
			comparePixels(t, got, want.Pix)
		}
	}
}
