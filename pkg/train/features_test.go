package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
)

// smallModel is the embedded network at a resolution that is quick.
func smallModel(t *testing.T, overrides string) *classify.Model {
	t.Helper()
	m, err := classify.Open("", classify.Options{Resolution: 32, Overrides: overrides})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func extract(t *testing.T, m *classify.Model, d *Dataset, o FeatureOptions) *Features {
	t.Helper()
	f, err := Extract(context.Background(), m, d, o)
	if err != nil {
		t.Fatal(err)
	}
	if f.KeepErr != nil {
		t.Fatal(f.KeepErr)
	}
	return f
}

func sixPictures(t *testing.T) string {
	return writeTree(t, map[string][]byte{
		"train/a/1.png": drawn(0, 1), "train/a/2.png": drawn(0, 2), "train/b/1.png": drawn(1, 1), "train/b/2.png": drawn(1, 2),
		"val/a/1.png": drawn(0, 3), "val/b/1.png": drawn(1, 2),
	})
}

func TestExtractGivesEmbeddings(t *testing.T) {
	m, d := smallModel(t, ""), scan(t, sixPictures(t), ScanOptions{})
	f := extract(t, m, d, FeatureOptions{})
	pictures, samples := append(d.Training[:4:4], d.Validation...), append(f.Training.X[:4*f.Width:4*f.Width], f.Validation.X...)
	if len(pictures) != 6 || len(samples) != 6*m.Features() || f.Computed != 6 {
		t.Fatalf("%d pictures, %d values, %d computed", len(pictures), len(samples), f.Computed)
	}
	for i, p := range pictures {
		data, err := p.Read()
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Embed(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, samples[i*f.Width:(i+1)*f.Width]); diff != "" {
			t.Errorf("%s: %s", p.Path, diff)
		}
	}
	if diff := cmp.Diff([]int{0, 0, 1, 1}, f.Training.Labels); diff != "" {
		t.Error(diff)
	}
}

func TestFeaturesAreKept(t *testing.T) {
	m, dir, file := smallModel(t, ""), sixPictures(t), filepath.Join(t.TempDir(), "features")
	first := extract(t, m, scan(t, dir, ScanOptions{}), FeatureOptions{File: file, Threads: 1})
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	size := entrySize(m.Features())
	if want := headerSize + 5*size; len(whole) != want { // of six pictures two are alike
		t.Fatalf("%d bytes, want %d", len(whole), want)
	}
	torn, flipped := whole[:len(whole)-7], bytes.Clone(whole)
	flipped[headerSize+2*size+100] ^= 1
	stale := bytes.Clone(whole)
	for range 8 {
		stale = append(stale, bytes.Repeat([]byte{7}, size)...)
	}
	for name, tt := range map[string]struct {
		model    *classify.Model
		engine   string
		before   []byte
		computed int
		after    []byte // nil: anything
	}{
		"as it is":       {m, "", whole, 0, whole},
		"torn":           {m, "", torn, 1, whole},
		"a flipped bit":  {m, "", flipped, 1, append(bytes.Clone(flipped), whole[headerSize+2*size:headerSize+3*size]...)},
		"mostly of none": {m, "", stale, 0, nil},
		"torn header":    {m, "", whole[:20], 6, whole},
		"empty":          {m, "", nil, 6, whole},
		"another engine": {m, "v2", whole, 6, nil},
		"another setup":  {smallModel(t, "crop=0.5"), "", whole, 6, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, tt.before, 0o666); err != nil {
				t.Fatal(err)
			}
			f := extract(t, tt.model, scan(t, dir, ScanOptions{}), FeatureOptions{File: file, Engine: tt.engine, Threads: 3})
			if f.Computed != tt.computed {
				t.Errorf("%d pictures were computed, want %d", f.Computed, tt.computed)
			}
			if tt.model == m && !cmp.Equal(first.Training, f.Training) {
				t.Error("other features than the first time")
			}
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if tt.after != nil && !bytes.Equal(after, tt.after) {
				t.Errorf("the file has %d bytes, not the %d that it should have", len(after), len(tt.after))
			}
			if len(after) > len(flipped)+size {
				t.Errorf("the file has %d bytes, useless ones among them", len(after))
			}
			if f := extract(t, tt.model, scan(t, dir, ScanOptions{}), FeatureOptions{File: file, Engine: tt.engine}); f.Computed != 0 {
				t.Errorf("the next run computed %d", f.Computed)
			}
		})
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	m, dir, file := smallModel(t, ""), sixPictures(t), filepath.Join(t.TempDir(), "letter")
	if err := os.WriteFile(file, []byte("Dear Sir or Madam"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Dir(file), filepath.Join(file, "below")} {
		f, err := Extract(context.Background(), m, scan(t, dir, ScanOptions{}), FeatureOptions{File: path})
		if err != nil || f.KeepErr == nil || f.Computed != 6 {
			t.Errorf("%s: %v, want features and a reason why they are not kept, got %v", path, err, f)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "Dear Sir or Madam" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBadPicturesAreNamed(t *testing.T) {
	dir := writeTree(t, map[string][]byte{
		"a/1.png": drawn(0, 1), "a/2.png": drawn(0, 2), "a/3.png": drawn(0, 2)[:200], "b/1.png": drawn(1, 1), "b/2.jpg": []byte("text"), "b/3.png": drawn(1, 3),
	})
	d := scan(t, dir, ScanOptions{Share: 0.01})
	f := extract(t, smallModel(t, ""), d, FeatureOptions{})
	var bad []string
	for _, b := range d.Bad {
		var failed *classify.Error
		if !errors.As(b.Err, &failed) {
			t.Errorf("%s: %v is no *classify.Error", b.Path, b.Err)
		}
		bad = append(bad, filepath.Base(b.Path)+" "+d.Classes[b.Class]+" "+string(failed.Kind))
	}
	if diff := cmp.Diff(map[string]bool{"3.png a decode": true, "2.jpg b format": true}, setOf(bad)); diff != "" {
		t.Error(diff)
	}
	if n := len(d.Training) + len(d.Validation); n != 4 || len(f.Training.Labels) != len(d.Training) || len(f.Validation.Labels) != len(d.Validation) {
		t.Errorf("%d pictures are left, rows are %d and %d", n, len(f.Training.Labels), len(f.Validation.Labels))
	}
	for _, p := range d.Training {
		if err := os.Truncate(p.Path, 100); err != nil {
			t.Fatal(err)
		}
	}
	var refused *DatasetError
	if _, err := Extract(context.Background(), smallModel(t, ""), d, FeatureOptions{}); !errors.As(err, &refused) || !strings.Contains(err.Error(), "class") {
		t.Errorf("got %v, want a DatasetError", err)
	}
}

func setOf(list []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return set
}

func TestExtractStops(t *testing.T) {
	d := scan(t, sixPictures(t), ScanOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	file := filepath.Join(t.TempDir(), "features")
	calls := 0
	_, err := Extract(ctx, smallModel(t, ""), d, FeatureOptions{File: file, Threads: 1, Progress: func(done, total int) {
		if calls++; total != 6 {
			t.Errorf("total of %d", total)
		}
		if done == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || calls > 4 {
		t.Fatalf("%v after %d calls", err, calls)
	}
	if f := extract(t, smallModel(t, ""), d, FeatureOptions{File: file}); f.Computed != 4 {
		t.Errorf("%d pictures were computed, want the 4 that were left", f.Computed)
	}
}

func FuzzReadFeatures(f *testing.F) {
	const width = 3
	setup, one, two := sha256.Sum256([]byte("setup")), sha256.Sum256([]byte("1")), sha256.Sum256([]byte("2"))
	good := appendEntry(featureHeader(setup, width), setup, one, []float32{1, 2, 3})
	f.Add(good)
	f.Add(appendEntry(bytes.Clone(good), setup, two, []float32{4, 5, float32(math.NaN())}))
	f.Add(appendEntry(bytes.Clone(good), one, two, []float32{4, 5, 6})[:100])
	f.Add(featureHeader(setup, 1<<30))
	f.Add([]byte("effnet/features/v2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := readFeatures(bytes.NewReader(data), setup, width, map[Sum]bool{one: true, two: true})
		if err != nil {
			t.Fatal(err)
		}
		if max := (len(data) - headerSize) / entrySize(width); c.entries > 0 && c.entries > max || len(c.kept) > c.entries {
			t.Fatalf("%d entries, %d kept of %d bytes", c.entries, len(c.kept), len(data))
		}
		for picture, values := range c.kept {
			if picture != one && picture != two || len(values) != width {
				t.Fatalf("%x: %v", picture, values)
			}
		}
	})
}
