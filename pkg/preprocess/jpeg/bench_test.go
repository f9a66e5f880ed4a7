package jpeg

import (
	"bytes"
	"flag"
	"fmt"
	stdjpeg "image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var photosFlag = flag.String("photos", "../../../testdata", "folder of JPEG files that benchmarks decode")

// photos reads the files of the folder.
func photos(b *testing.B) (files [][]byte) {
	b.Helper()
	entries, err := os.ReadDir(*photosFlag)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains([]string{".jpg", ".jpeg"}, strings.ToLower(filepath.Ext(e.Name()))) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(*photosFlag, e.Name()))
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, data)
	}
	if len(files) == 0 {
		b.Fatalf("no JPEG files in %s", *photosFlag)
	}
	return files
}

// perPicture reports the time of one picture and counts pixels as bytes/3.
func perPicture(b *testing.B, files [][]byte, decode func(data []byte) error) {
	pixels := 0
	for _, data := range files {
		w, h, err := DecodeConfig(data)
		if err != nil {
			b.Fatal(err)
		}
		pixels += w * h
	}
	b.SetBytes(int64(3 * pixels))
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range files {
			if err := decode(data); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(files)), "µs/picture")
}

// BenchmarkDecode decodes each photo to a picture of its own, with every set.
func BenchmarkDecode(b *testing.B) {
	files := photos(b)
	for _, s := range runnable() {
		b.Run(string(s.tier), func(b *testing.B) {
			perPicture(b, files, func(data []byte) error {
				_, err := decodeWith(s, data, Options{})
				return err
			})
		})
	}
}

// BenchmarkRows goes through each photo's rows with one Reader, at every scale.
func BenchmarkRows(b *testing.B) {
	files := photos(b)
	for _, scale := range scales {
		b.Run(fmt.Sprintf("1of%d", scale), func(b *testing.B) {
			r := new(Reader)
			row := func(int, []byte) error { return nil }
			perPicture(b, files, func(data []byte) error {
				if err := r.Reset(data, Options{Scale: scale}); err != nil {
					return err
				}
				return r.Rows(row)
			})
		})
	}
}

// BenchmarkStandardLibrary decodes the same photos with image/jpeg, to YCbCr.
func BenchmarkStandardLibrary(b *testing.B) {
	perPicture(b, photos(b), func(data []byte) error {
		_, err := stdjpeg.Decode(bytes.NewReader(data))
		return err
	})
}
