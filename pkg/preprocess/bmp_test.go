package preprocess

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBMPWithoutOffset holds that pixels follow the headers where the file does
// not say where they are, as in Pillow.
func TestBMPWithoutOffset(t *testing.T) {
	files, err := filepath.Glob("testdata/pillow/*.bmp")
	if err != nil || len(files) < 8 {
		t.Fatalf("only %d files (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data := readFile(t, file)
			want, err := Decode(data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			clear(data[10:14])
			got, err := Decode(data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
