package classify

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/effnet/effnet/pkg/weights"
)

var ignoreTimes = cmpopts.IgnoreFields(Result{}, "Timing")

// pictures are some small PNGs that differ.
func pictures(t *testing.T, n int) [][]byte {
	t.Helper()
	var list [][]byte
	for i := range n {
		img := image.NewNRGBA(image.Rect(0, 0, 40+i, 50))
		for y := range 50 {
			for x := range 40 + i {
				img.SetNRGBA(x, y, color.NRGBA{uint8(x * y), uint8(40 * i), uint8(5 * (x ^ y)), 255})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		list = append(list, b.Bytes())
	}
	return list
}

// expect classifies each picture by itself on one thread.
func expect(t *testing.T, m *Model, list [][]byte) []*Result {
	t.Helper()
	var results []*Result
	for _, data := range list {
		r, err := m.Bytes(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	return results
}

func TestEveryWayInGivesTheSame(t *testing.T) {
	m := open(t, write(t, randomModel(7)), Options{Top: 3, Threads: 2})
	list := pictures(t, 1)
	want := expect(t, m, list)[0]
	if want.Format != "png" || want.Width != 40 || want.Height != 50 || len(want.Logits) != 7 || len(want.Predictions) != 3 {
		t.Errorf("got %+v", want)
	}
	got, err := m.Reader(t.Context(), iotest.OneByteReader(bytes.NewReader(list[0])))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, ignoreTimes); diff != "" {
		t.Error("Reader: " + diff)
	}
	img, err := png.Decode(bytes.NewReader(list[0]))
	if err != nil {
		t.Fatal(err)
	}
	if got, err = m.Image(t.Context(), img); err != nil {
		t.Fatal(err)
	}
	got.Format = "png"
	if diff := cmp.Diff(want, got, ignoreTimes); diff != "" {
		t.Error("Image: " + diff)
	}
}

func TestTimesAddUp(t *testing.T) {
	m := open(t, write(t, randomModel(2)), Options{})
	list := pictures(t, 2)
	s := m.Session(0)
	defer s.Close()
	for _, r := range append(expect(t, m, list), s.Batch(t.Context(), list)[1].Result) {
		got := r.Timing
		if got.Decode <= 0 || got.Resize <= 0 || got.Model <= 0 || got.Total < got.Decode+got.Resize+got.Model {
			t.Errorf("got %+v", got)
		}
	}
}

func TestSessionsGiveTheSameBits(t *testing.T) {
	m := open(t, write(t, randomModel(7)), Options{})
	list := pictures(t, 5)
	want := expect(t, m, list)
	for _, threads := range []int{0, 1, 2, 3} {
		s := m.Session(threads)
		for i, data := range list {
			got, err := s.Bytes(t.Context(), data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[i], got, ignoreTimes); diff != "" {
				t.Errorf("%d threads, picture %d: %s", threads, i, diff)
			}
		}
		s.Close()
	}
}

func TestBatch(t *testing.T) {
	m := open(t, write(t, randomModel(7)), Options{})
	list := pictures(t, 5)
	want := expect(t, m, list)
	s := m.Session(2)
	defer s.Close()
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4}, {}, {-1}, {-1, 3, -1, -1, 0, 1, -1}} {
		var batch [][]byte
		for _, i := range order {
			if i < 0 {
				batch = append(batch, []byte("no picture"))
			} else {
				batch = append(batch, list[i])
			}
		}
		outcomes := s.Batch(t.Context(), batch)
		if len(outcomes) != len(order) {
			t.Fatalf("%v: %d outcomes", order, len(outcomes))
		}
		for n, i := range order {
			if i < 0 {
				checkKind(t, outcomes[n].Err, KindFormat)
				continue
			}
			if diff := cmp.Diff(want[i], outcomes[n].Result, ignoreTimes); diff != "" || outcomes[n].Err != nil {
				t.Errorf("%v, picture %d: %s %v", order, n, diff, outcomes[n].Err)
			}
		}
	}
}

func TestResultsOutliveTheNextPicture(t *testing.T) {
	m := open(t, write(t, randomModel(7)), Options{})
	list := pictures(t, 2)
	want := expect(t, m, list)
	s := m.Session(1)
	defer s.Close()
	first, err := s.Bytes(t.Context(), list[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bytes(t.Context(), list[1]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[0], first, ignoreTimes); diff != "" {
		t.Error(diff)
	}
}

func TestManyGoroutinesShareAModel(t *testing.T) {
	m := open(t, write(t, randomModel(7)), Options{Threads: 2})
	list := pictures(t, 4)
	want := expect(t, m, list)
	var wg sync.WaitGroup
	for n := range 12 {
		wg.Go(func() {
			got, err := m.Bytes(t.Context(), list[n%len(list)])
			if err != nil {
				t.Error(err)
				return
			}
			if diff := cmp.Diff(want[n%len(list)], got, ignoreTimes); diff != "" {
				t.Error(diff)
			}
		})
	}
	wg.Wait()
}

func TestBusyModelHonoursTheContext(t *testing.T) {
	m := open(t, write(t, randomModel(2)), Options{Threads: 1})
	<-m.idle // its only thread is lent
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := m.Bytes(ctx, nil)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestCancelledContext(t *testing.T) {
	m := open(t, write(t, randomModel(2)), Options{})
	list := pictures(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := m.Session(1)
	defer s.Close()
	outcomes := s.Batch(ctx, list)
	_, single := s.Bytes(ctx, list[0])
	_, pooled := m.Bytes(ctx, list[0])
	for _, err := range []error{outcomes[0].Err, outcomes[1].Err, single, pooled} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	}
}

func checkKind(t *testing.T, err error, want Kind) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != want || strings.Contains(e.Error(), "\n") {
		t.Errorf("got %v (%T), want an *Error of kind %s", err, err, want)
	}
}

// panicking is an image.Image that fails when it is read.
type panicking struct{ image.Image }

func (panicking) At(int, int) color.Color { panic("no colour here") }

func TestKindsOfErrors(t *testing.T) {
	m := open(t, write(t, randomModel(2)), Options{MaxPixels: 1500})
	ctx := t.Context()
	png := pictures(t, 1)[0]
	small := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	_, err := m.Bytes(ctx, []byte("text"))
	checkKind(t, err, KindFormat)
	_, err = m.Bytes(ctx, nil)
	checkKind(t, err, KindFormat)
	_, err = m.Bytes(ctx, png)
	checkKind(t, err, KindLimit)
	_, err = m.Reader(ctx, iotest.ErrReader(errors.New("gone")))
	checkKind(t, err, KindRead)
	_, err = m.Reader(ctx, bytes.NewReader(make([]byte, 17<<20)))
	checkKind(t, err, KindLimit)
	_, err = m.Image(ctx, panicking{small})
	checkKind(t, err, KindInternal)
	if _, err = m.Image(ctx, small); err != nil {
		t.Errorf("after errors: %v", err)
	}

	wide := open(t, write(t, randomModel(2)), Options{})
	_, err = wide.Bytes(ctx, png[:len(png)/2])
	checkKind(t, err, KindDecode)
	infinite := open(t, write(t, overflowing(2)), Options{})
	_, err = infinite.Bytes(ctx, png)
	checkKind(t, err, KindModel)
}

func TestDamagedPictureIsMarked(t *testing.T) {
	data := photo(t, "cat.jpg")
	data = data[:len(data)*2/3]
	path := write(t, randomModel(2))
	_, err := open(t, path, Options{}).Bytes(t.Context(), data)
	checkKind(t, err, KindDecode)
	r, err := open(t, path, Options{Lenient: true}).Bytes(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Damaged || len(r.Predictions) == 0 {
		t.Errorf("got %+v, want predictions marked as damaged", r)
	}
}

func TestOptionsOfPredictions(t *testing.T) {
	seven := constant(randomModel(7), 1, 3, 2, 3, -5, 3, 0)
	seven.Labels = letters(7)
	path := write(t, seven)
	tests := []struct {
		name string
		o    Options
		want [][2]int // rank, index
	}{
		{"five by default", Options{}, [][2]int{{1, 1}, {2, 3}, {3, 5}, {4, 2}, {5, 0}}},
		{"more than there are", Options{Top: 100}, [][2]int{{1, 1}, {2, 3}, {3, 5}, {4, 2}, {5, 0}, {6, 6}, {7, 4}}},
		{"classes", Options{Classes: []string{"e", "N0A", "3"}}, [][2]int{{2, 3}, {5, 0}, {7, 4}}},
		{"top of classes", Options{Classes: []string{"e", "a"}, Top: 1}, [][2]int{{5, 0}}},
		{"least probability", Options{MinProb: 0.2}, [][2]int{{1, 1}, {2, 3}, {3, 5}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := expect(t, open(t, path, tt.o), pictures(t, 1))[0]
			if diff := cmp.Diff(tt.want, ranksAndIndices(got.Predictions)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOneOutput(t *testing.T) {
	path := write(t, constant(randomModel(1), 0))
	two := []weights.Label{{Name: "no cat"}, {Name: "cat"}}
	for name, labels := range map[string][]weights.Label{"class 0": nil, "cat": two, "no cat": two[:1]} {
		r := expect(t, open(t, path, Options{Labels: labels}), pictures(t, 1))[0]
		want := []Prediction{{Rank: 1, Index: 0, Label: name, Probability: 0.5}}
		if diff := cmp.Diff(want, r.Predictions); diff != "" {
			t.Error(diff)
		}
	}
}
