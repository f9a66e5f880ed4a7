package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// drawnFolder has train/ and val/ with the classes that drawn knows.
func drawnFolder(t *testing.T, training, validation int) string {
	t.Helper()
	files := map[string][]byte{}
	for class, name := range drawnClasses {
		for i := range training + validation {
			side := "train"
			if i >= training {
				side = "val"
			}
			files[fmt.Sprintf("%s/%s/%02d.png", side, name, i)] = drawn(class, i)
		}
	}
	return writeTree(t, files)
}

// quick is a recipe of seconds.
func quick(dir string) Options {
	o := DefaultOptions()
	o.Dir, o.Name, o.Base = dir, "drawn", classify.Options{Resolution: 64, Engine: "test"}
	o.Unfreeze, o.Epochs, o.Batch, o.Seed = 1, 2, 8, 5
	return o
}

func mustRun(t *testing.T, o Options, events func(Event)) *Result {
	t.Helper()
	r, err := Run(context.Background(), o, events)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fileOf(t *testing.T, m *weights.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := weights.Write(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRunIsNoWorseThanItsHead(t *testing.T) {
	var kinds []Kind
	r := mustRun(t, quick(drawnFolder(t, 16, 8)), func(e Event) {
		if len(kinds) == 0 || kinds[len(kinds)-1] != e.Kind {
			kinds = append(kinds, e.Kind)
		}
	})
	want := []Kind{Scanned, Extracting, Fitted, Started, Stepped, Ended, Stepped, Ended}
	if d := cmp.Diff(want, kinds); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if r.Head.Validation.Accuracy < 0.95 || math.Abs(r.Start.Loss-r.Head.Validation.Loss) > 1e-3 {
		t.Errorf("head %+v, in the network %+v", r.Head.Validation, r.Start)
	}
	if len(r.Epochs) != 2 || r.Validation().Accuracy < r.Start.Accuracy {
		t.Errorf("start %v, epochs %v", r.Start, r.Epochs)
	}
}

// Bits depend neither on threads nor on where the run was stopped.
func TestRunGivesTheSameBits(t *testing.T) {
	dir := drawnFolder(t, 5, 2)
	o := quick(dir)
	o.Base.Resolution, o.Batch, o.Unfreeze = 48, 6, 2
	o.Base.Threads = 1
	want := fileOf(t, mustRun(t, o, nil).Model)
	o.Base.Threads = 3
	if !bytes.Equal(fileOf(t, mustRun(t, o, nil).Model), want) {
		t.Error("three threads give other bits than one")
	}
	o.Features, o.Checkpoint, o.Resume = filepath.Join(t.TempDir(), "features"), filepath.Join(t.TempDir(), "checkpoint"), true
	stops := 0
	for {
		ctx, cancel := context.WithCancel(context.Background())
		steps := 0
		r, err := Run(ctx, o, func(e Event) {
			if e.Kind == Stepped || e.Kind == Ended {
				if steps++; steps == 1+stops%2 {
					cancel()
				}
			}
		})
		cancel()
		if err == nil {
			if !bytes.Equal(fileOf(t, r.Model), want) {
				t.Errorf("stopped %d times it gives other bits", stops)
			}
			break
		}
		if !errors.Is(err, context.Canceled) || r.Model == nil {
			t.Fatal(err, r.Model)
		}
		if stops++; stops > 100 {
			t.Fatal("no end")
		}
	}
	if stops < 4 {
		t.Errorf("stopped %d times", stops)
	}
	if _, err := os.Stat(o.Checkpoint); err != nil {
		t.Error(err)
	}
}
