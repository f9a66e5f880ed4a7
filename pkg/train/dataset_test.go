package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
)

func scan(t *testing.T, dir string, o ScanOptions) *Dataset {
	t.Helper()
	d, err := Scan(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// names gives paths relative to the data set, with their classes.
func names(d *Dataset, pictures []Picture) (list []string) {
	for _, p := range pictures {
		rel, err := filepath.Rel(d.Dir, p.Path)
		if err != nil {
			panic(err)
		}
		list = append(list, d.Classes[p.Class]+": "+filepath.ToSlash(rel))
	}
	return list
}

func TestScanTakesGivenSides(t *testing.T) {
	dir := writeTree(t, map[string][]byte{
		"train/b/2.png": tiny(1), "train/b/1.PNG": tiny(2), "train/b/deep/er/0.png": tiny(3),
		"train/b/.hidden.png": tiny(4), "train/b/.hidden/1.png": tiny(4), "train/b/notes.txt": []byte("no"),
		"train/a/1.png": tiny(5), "train/a/broken.jpg": []byte("not a picture"), "train/loose.png": tiny(6),
		"val/a/1.png": tiny(7), "val/b/again.png": tiny(2), "test/a/1.png": tiny(8), "loose.gif": tiny(9),
	})
	d := scan(t, dir, ScanOptions{})
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"classes", d.Classes, []string{"a", "b"}},
		{"training", names(d, d.Training), []string{
			"a: train/a/1.png", "a: train/a/broken.jpg", "b: train/b/1.PNG", "b: train/b/2.png", "b: train/b/deep/er/0.png"}},
		{"validation", names(d, d.Validation), []string{"a: val/a/1.png", "b: val/b/again.png"}},
		{"leaks", d.Leaks, []Leak{{filepath.Join(dir, "val/b/again.png"), filepath.Join(dir, "train/b/1.PNG")}}},
		{"ignored", d.Ignored, []string{filepath.Join(dir, "test"), filepath.Join(dir, "train/loose.png"), filepath.Join(dir, "loose.gif")}},
		{"split", d.Split, false},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: %s", tt.what, diff)
		}
	}
}

func TestScanSplitsByBytes(t *testing.T) {
	files := map[string][]byte{}
	for i := range 200 {
		files[fmt.Sprintf("%c/%03d.png", 'a'+i%2, i)] = tiny(i)
		files[fmt.Sprintf("%c/copy-of-%03d.png", 'a'+(i/7)%2, i)] = tiny(i)
	}
	d := scan(t, writeTree(t, files), ScanOptions{})
	sides := map[Sum]string{}
	for side, pictures := range map[string][]Picture{"training": d.Training, "validation": d.Validation} {
		for _, p := range pictures {
			if other, ok := sides[p.Sum]; ok && other != side {
				t.Errorf("%s is in %s, its copy in %s", p.Path, side, other)
			}
			sides[p.Sum] = side
		}
	}
	share := float64(len(d.Validation)) / float64(len(d.Validation)+len(d.Training))
	if math.Abs(share-DefaultShare) > 0.08 {
		t.Errorf("a share of %v was split off, want about %v", share, DefaultShare)
	}
	for i := range 100 {
		files[fmt.Sprintf("%c/new-%d.png", 'a'+i%2, i)] = tiny(1000 + i)
	}
	more := scan(t, writeTree(t, files), ScanOptions{})
	for side, pictures := range map[string][]Picture{"training": more.Training, "validation": more.Validation} {
		for _, p := range pictures {
			if old, ok := sides[p.Sum]; ok && old != side {
				t.Errorf("%s went from %s to %s when pictures were added", p.Path, old, side)
			}
		}
	}
}

func TestSplitLeavesSomeOnEachSide(t *testing.T) {
	files := map[string][]byte{}
	for i := range 12 {
		class := fmt.Sprintf("class-%02d", i)
		files[class+"/1.png"], files[class+"/2.png"] = tiny(2*i), tiny(2*i+1)
	}
	files["alone/1.png"] = tiny(1000)
	for _, share := range []float64{0.001, 0.2, 0.999} {
		d := scan(t, writeTree(t, files), ScanOptions{Share: share})
		training, validation := d.Counts()
		for class, name := range d.Classes {
			want := 1
			if name == "alone" {
				want = 0
			}
			if training[class] < 1 || validation[class] < want {
				t.Errorf("share %v, class %s: %d in training, %d in validation", share, name, training[class], validation[class])
			}
		}
	}
}

func TestScanRefuses(t *testing.T) {
	bad := []byte("not a picture")
	for name, tt := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"nothing":             {map[string][]byte{"readme.txt": bad}, "it has no folder"},
		"pictures alone":      {map[string][]byte{"1.png": tiny(1)}, "it has no folder"},
		"one class":           {map[string][]byte{"a/1.png": tiny(1), ".b/1.png": tiny(2)}, `it has only the folder "a"`},
		"one class in train":  {map[string][]byte{"train/a/1.png": tiny(1), "val/a/1.png": tiny(2)}, `it has only the folder "a"`},
		"empty class":         {map[string][]byte{"a/1.png": tiny(1), "b/1.txt": bad, "c/1.png": tiny(2)}, `class "b" has no picture`},
		"empty in val":        {map[string][]byte{"train/a/1.png": tiny(1), "train/b/1.png": tiny(2), "val/a/1.png": tiny(3), "val/b/x.txt": bad}, `class "b" has no picture`},
		"class not in val":    {map[string][]byte{"train/a/1.png": tiny(1), "train/b/1.png": tiny(2), "val/a/1.png": tiny(3)}, `class "b" is in train/ but not in val/`},
		"class not in train":  {map[string][]byte{"train/a/1.png": tiny(1), "val/b/1.png": tiny(2), "val/a/1.png": tiny(3)}, `class "b" is in val/ but not in train/`},
		"another name of val": {map[string][]byte{"train/a/1.png": tiny(1), "train/b/1.png": tiny(1), "valid/a/1.png": tiny(3)}, "must be in val/, not in valid/"},
		"no train":            {map[string][]byte{"test/a/1.png": tiny(1), "val/a/1.png": tiny(1)}, "no train/"},
		"unreadable class":    {map[string][]byte{"a/1.png": tiny(1), "b/1.png": bad, "b/2.png": bad}, `no picture of class "b" can be read`},
		"unreadable in val":   {map[string][]byte{"train/a/1.png": tiny(1), "train/b/1.png": tiny(2), "val/a/1.png": tiny(3), "val/b/1.png": bad}, `no picture of class "b" can be read`},
		"no name":             {map[string][]byte{"a/1.png": tiny(1), "b\n/1.png": tiny(2)}, `"b\n" is no name of a class`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Scan(context.Background(), writeTree(t, tt.files), ScanOptions{})
			var refused *DatasetError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a DatasetError with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("not one line: %q", err)
			}
		})
	}
	t.Run("missing folder", func(t *testing.T) {
		var refused *DatasetError
		if _, err := Scan(context.Background(), filepath.Join(t.TempDir(), "no"), ScanOptions{}); !errors.As(err, &refused) {
			t.Errorf("got %v, want a DatasetError", err)
		}
	})
	t.Run("share", func(t *testing.T) {
		var wrong *classify.UsageError
		for _, share := range []float64{-0.1, 1, math.NaN()} {
			if _, err := Scan(context.Background(), t.TempDir(), ScanOptions{Share: share}); !errors.As(err, &wrong) {
				t.Errorf("share %v: got %v, want a UsageError", share, err)
			}
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		dir := writeTree(t, map[string][]byte{"a/1.png": tiny(1), "b/1.png": tiny(2)})
		if _, err := Scan(ctx, dir, ScanOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// A folder named train among folders of other names is a class.
func TestScanTakesTrainAsAClass(t *testing.T) {
	d := scan(t, writeTree(t, map[string][]byte{"bus/1.png": tiny(1), "train/1.png": tiny(2)}), ScanOptions{})
	if diff := cmp.Diff([]string{"bus", "train"}, d.Classes); diff != "" {
		t.Error(diff)
	}
}

func TestScanEntersEachFolderOnce(t *testing.T) {
	dir := writeTree(t, map[string][]byte{"a/1.png": tiny(1), "a/deep/2.png": tiny(2), "b/1.png": tiny(3), "elsewhere/3.png": tiny(4)})
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(filepath.Join(dir, "elsewhere"), away); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"a/deep/up": filepath.Join(dir, "a"), "a/root": dir, "a/again": filepath.Join(dir, "a", "deep"), "b/away": away,
	} {
		if err := os.Symlink(to, filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Fatal(err)
		}
	}
	d := scan(t, dir, ScanOptions{})
	training, validation := d.Counts()
	got := []int{training[0] + validation[0], training[1] + validation[1]}
	if diff := cmp.Diff([]int{2, 2}, got); diff != "" {
		t.Errorf("pictures of each class: %s%v", diff, names(d, append(d.Training, d.Validation...)))
	}
}

func TestPictureMustNotChange(t *testing.T) {
	dir := writeTree(t, map[string][]byte{"a/1.png": tiny(1), "b/1.png": tiny(2)})
	d := scan(t, dir, ScanOptions{})
	if err := os.WriteFile(d.Training[0].Path, tiny(3), 0o666); err != nil {
		t.Fatal(err)
	}
	var failed *classify.Error
	if _, err := d.Training[0].Read(); !errors.As(err, &failed) || failed.Kind != classify.KindRead {
		t.Errorf("got %v, want a read error", err)
	}
}
