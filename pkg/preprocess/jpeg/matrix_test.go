package jpeg

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"math/rand/v2"
	"os"
	"testing"
)

// sample is a file of the matrix and what Pillow makes of it.
type sample struct {
	sums [4]uint32 // CRC-32 of the pixels at scales 1, 2, 4 and 8
	data []byte
}

var scales = [4]int{1, 2, 4, 8}

// matrix reads the files of every width, height and sampling.
func matrix(t testing.TB) (samples []sample) {
	t.Helper()
	packed, err := os.ReadFile("testdata/matrix.gz")
	if err != nil {
		t.Fatal(err)
	}
	file, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	for len(all) >= 20 {
		var s sample
		n := 20 + binary.LittleEndian.Uint32(all)
		for i := range s.sums {
			s.sums[i] = binary.LittleEndian.Uint32(all[4+4*i:])
		}
		s.data, all = all[20:n:n], all[n:]
		samples = append(samples, s)
	}
	if len(samples) != 70*8 {
		t.Fatalf("%d files", len(samples))
	}
	return samples
}

// describe names a file by its size and sampling.
func describe(s sample) string {
	var r Reader
	if err := r.Reset(s.data, Options{}); err != nil {
		return err.Error()
	}
	name := fmt.Sprintf("%d×%d", r.frame.width, r.frame.height)
	for i := range r.frame.comps {
		name += fmt.Sprintf(" %d%d", r.frame.comps[i].h, r.frame.comps[i].v)
	}
	if r.frame.progressive {
		name += " progressive"
	}
	return name
}

func TestMatrixEqualsPillow(t *testing.T) {
	for _, set := range runnable() {
		t.Run(string(set.tier), func(t *testing.T) {
			for _, s := range matrix(t) {
				for i, scale := range scales {
					got, err := decodeWith(set, s.data, Options{Scale: scale})
					if err != nil {
						t.Errorf("%s: %v", describe(s), err)
						continue
					}
					if sum := crc32.ChecksumIEEE(got.Pix); sum != s.sums[i] {
						t.Errorf("%s at 1/%d: checksum %08x, want %08x", describe(s), scale, sum, s.sums[i])
					}
				}
			}
		})
	}
}

// A region is the cut of the whole, whatever is left out around it.
func TestRegionEqualsCut(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	reused := new(Reader)
	for _, s := range matrix(t) {
		for _, scale := range scales {
			whole, err := Decode(s.data, Options{Scale: scale})
			if err != nil {
				t.Fatalf("%s: %v", describe(s), err)
			}
			for range 6 {
				x0, y0 := random.IntN(whole.Width), random.IntN(whole.Height)
				region := image.Rect(x0, y0, x0+1+random.IntN(whole.Width-x0), y0+1+random.IntN(whole.Height-y0))
				want := cut(whole, region)
				got, err := Decode(s.data, Options{Scale: scale, Region: region})
				if err != nil {
					t.Fatalf("%s: %v", describe(s), err)
				}
				if !bytes.Equal(got.Pix, want) {
					t.Fatalf("%s at 1/%d: region %v differs", describe(s), scale, region)
				}
				if rows := rowsOf(t, reused, s.data, Options{Scale: scale, Region: region}); !bytes.Equal(rows, want) {
					t.Fatalf("%s at 1/%d: rows of region %v differ", describe(s), scale, region)
				}
			}
		}
	}
}

// cut copies a region of a picture.
func cut(m *Image, region image.Rectangle) (pix []byte) {
	for y := region.Min.Y; y < region.Max.Y; y++ {
		pix = append(pix, m.Pix[3*(y*m.Width+region.Min.X):3*(y*m.Width+region.Max.X)]...)
	}
	return pix
}

// rowsOf collects what Rows delivers.
func rowsOf(t *testing.T, r *Reader, data []byte, o Options) (pix []byte) {
	t.Helper()
	if err := r.Reset(data, o); err != nil {
		t.Fatal(err)
	}
	next := r.Region().Min.Y
	err := r.Rows(func(y int, rgb []byte) error {
		if y != next || len(rgb) != 3*r.Region().Dx() {
			t.Fatalf("row %d of %d bytes, want row %d", y, len(rgb), next)
		}
		next++
		pix = append(pix, rgb...)
		return nil
	})
	if err != nil || next != r.Region().Max.Y {
		t.Fatalf("rows up to %d of %v, error %v", next, r.Region(), err)
	}
	return pix
}
