package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
)

// fake is a session whose pictures are words that say what becomes of them.
type fake struct {
	threads int
	broken  bool
	wait    func(word string)
}

func (f *fake) Close() {}

func (f *fake) Batch(_ context.Context, pictures [][]byte) []classify.Outcome {
	if f.broken {
		panic("a session was used after its panic")
	}
	var out []classify.Outcome
	for _, p := range pictures {
		word := string(p)
		if f.wait != nil {
			f.wait(word)
		}
		switch {
		case strings.HasPrefix(word, "panic"):
			f.broken = true
			panic("index out of range")
		case strings.HasPrefix(word, "bad"):
			out = append(out, classify.Outcome{Err: &classify.Error{Kind: classify.KindDecode, Err: errors.New(word)}})
		case strings.HasPrefix(word, "strange"):
			out = append(out, classify.Outcome{Err: errors.New(word)})
		default:
			out = append(out, classify.Outcome{Result: &classify.Result{Format: word}})
		}
	}
	return out
}

// inputs is a stream of files that hold words; "gone" is missing.
func inputs(t *testing.T, words ...string) iter.Seq[source.Input] {
	t.Helper()
	t.Chdir(t.TempDir())
	var args []string
	for i, w := range words {
		name := strconv.Itoa(i)
		if w != "gone" {
			if err := os.WriteFile(name, []byte(w), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		args = append(args, name)
	}
	src, err := source.Open(source.Options{Args: args, MaxBytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	return src.All()
}

func describe(r report.Record) string {
	if r.Err != nil {
		return fmt.Sprintf("%s %s: %s", r.Path, r.Err.Kind, r.Err)
	}
	return r.Path + " " + r.Result.Format
}

func nothing() error { return nil }

func TestPipelineKeepsOrder(t *testing.T) {
	words := []string{"slow", "a", "bad pixels", "gone", "b", "panic", "c", "strange", "slow", "d", strings.Repeat("x", 101)}
	want := []string{"0 slow", "1 a", "2 decode: bad pixels", "3 read: no such file or directory", "4 b",
		"5 internal: internal fault: index out of range", "6 c", "7 internal: strange", "8 slow", "9 d",
		"10 limit: larger than 100 bytes"}
	for _, threads := range []int{1, 2, 3, 16} {
		var got []string
		p := &pipeline{
			threads: threads, batch: 1, peek: true,
			open: func(n int) session {
				return &fake{threads: n, wait: func(w string) {
					if w == "slow" {
						time.Sleep(5 * time.Millisecond)
					}
				}}
			},
			emit: func(r report.Record) error { got = append(got, describe(r)); return nil },
		}
		if err := p.run(t.Context(), inputs(t, words...), nothing); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d threads (-want +got):\n%s", threads, d)
		}
	}
}

// Whatever the batch, a record is that of its own input; a panic may cost its batch.
func TestPipelineBatches(t *testing.T) {
	for batch := 1; batch <= 6; batch++ {
		var got []string
		p := &pipeline{
			threads: 2, batch: batch, open: func(n int) session { return &fake{} },
			emit: func(r report.Record) error { got = append(got, describe(r)); return nil },
		}
		if err := p.run(t.Context(), inputs(t, "a", "gone", "bad", "b", "c"), nothing); err != nil {
			t.Fatal(err)
		}
		want := []string{"0 a", "1 read: no such file or directory", "2 decode: bad", "3 b", "4 c"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("batch %d (-want +got):\n%s", batch, d)
		}
	}
}

func TestPipelineSharesThreads(t *testing.T) {
	for _, tt := range []struct {
		inputs, threads, batch int
		peek                   bool
		sessions, each         int
	}{
		{1, 8, 1, true, 1, 8},
		{2, 8, 1, true, 2, 4},
		{3, 8, 1, true, 3, 2},
		{8, 8, 1, true, 8, 1},
		{9, 8, 1, true, 8, 1},
		{8, 8, 4, true, 2, 4},
		{1, 8, 1, false, 8, 1},
	} {
		var mu sync.Mutex
		var each []int
		p := &pipeline{
			threads: tt.threads, batch: tt.batch, peek: tt.peek,
			open: func(n int) session {
				mu.Lock()
				defer mu.Unlock()
				each = append(each, n)
				return &fake{}
			},
			emit: func(report.Record) error { return nil },
		}
		if err := p.run(t.Context(), inputs(t, make([]string, tt.inputs)...), nothing); err != nil {
			t.Fatal(err)
		}
		if len(each) != tt.sessions || each[0] != tt.each {
			t.Errorf("%+v: sessions with %v threads", tt, each)
		}
	}
}

func TestPipelineNoInput(t *testing.T) {
	p := &pipeline{threads: 1, batch: 1}
	none := func(func(source.Input) bool) {}
	begin := func() error { t.Error("begun without input"); return nil }
	if err := p.run(t.Context(), none, begin); !errors.Is(err, errNoInput) {
		t.Errorf("got %v", err)
	}
}

func TestPipelineStops(t *testing.T) {
	n := 0
	p := &pipeline{
		threads: 3, batch: 1, open: func(n int) session { return &fake{} },
		emit: func(r report.Record) error {
			n++
			if r.Err != nil {
				return errStop
			}
			return nil
		},
	}
	if err := p.run(t.Context(), inputs(t, "a", "b", "bad", "c", "bad", "d"), nothing); !errors.Is(err, errStop) {
		t.Errorf("got %v", err)
	}
	if n != 3 {
		t.Errorf("%d records, want 3", n)
	}
}

// What was begun before the interruption is finished, in order, and nothing else.
func TestPipelineInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan string, 100)
	release := make(chan struct{})
	var got []string
	p := &pipeline{
		threads: 2, batch: 1,
		open: func(n int) session {
			return &fake{wait: func(w string) { begun <- w; <-release }}
		},
		emit: func(r report.Record) error { got = append(got, describe(r)); return nil },
	}
	words := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	stream := inputs(t, words...)
	done := make(chan error)
	go func() { done <- p.run(ctx, stream, nothing) }()
	<-begun
	<-begun
	cancel()
	time.Sleep(20 * time.Millisecond) // so that jobs are dropped, not merely late
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(got) < 2 || len(got) == len(words) {
		t.Errorf("%d records: %q", len(got), got)
	}
	for i, line := range got {
		if line != fmt.Sprintf("%d %s", i, words[i]) {
			t.Errorf("record %d is %q", i, line)
		}
	}
}

// A list that nothing comes from does not hold up the end.
func TestPipelineInterruptedWhileWaiting(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	for _, o := range []source.Options{{Args: []string{"-"}, Stdin: r}, {FilesFrom: "-", Stdin: r}} {
		ctx, cancel := context.WithCancel(t.Context())
		src, err := source.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		p := &pipeline{
			threads: 1, batch: 1, open: func(n int) session { return &fake{} },
			emit: func(r report.Record) error { t.Errorf("got %s", describe(r)); return nil },
		}
		time.AfterFunc(10*time.Millisecond, cancel)
		if err := p.run(ctx, src.All(), nothing); err != nil {
			t.Error(err)
		}
	}
}

// A slow picture holds up the records behind it, but not the work.
func TestPipelineWorksBehindASlowPicture(t *testing.T) {
	words := append([]string{"slow"}, make([]string, 300)...)
	var others atomic.Int64
	all := make(chan struct{})
	var got []string
	p := &pipeline{
		threads: 2, batch: 1,
		open: func(int) session {
			return &fake{wait: func(w string) {
				if w == "slow" {
					<-all
				} else if others.Add(1) == int64(len(words)-1) {
					close(all)
				}
			}}
		},
		emit: func(r report.Record) error { got = append(got, r.Path); return nil },
	}
	if err := p.run(t.Context(), inputs(t, words...), nothing); err != nil {
		t.Fatal(err)
	}
	for i, path := range got {
		if path != strconv.Itoa(i) {
			t.Fatalf("record %d is of %s", i, path)
		}
	}
	if len(got) != len(words) {
		t.Errorf("%d records", len(got))
	}
}

// While the only session is busy the next file is read.
func TestPipelineReadsAhead(t *testing.T) {
	next := make(chan struct{})
	p := &pipeline{
		threads: 1, batch: 1,
		open: func(int) session {
			return &fake{wait: func(w string) {
				if w == "first" {
					<-next
				}
			}}
		},
		known: func(path string) (report.Record, bool) {
			if path == "1" {
				close(next)
			}
			return report.Record{}, false
		},
		emit: func(report.Record) error { return nil },
	}
	if err := p.run(t.Context(), inputs(t, "first", "second"), nothing); err != nil {
		t.Fatal(err)
	}
}

// Memory of files is used again, and never while it is still needed.
func TestPipelineKeepsFilesApart(t *testing.T) {
	var words, want, got []string
	for i := range 500 {
		words = append(words, strings.Repeat(string(rune('a'+i%26)), i%90))
		want = append(want, fmt.Sprintf("%d %s", i, words[i]))
	}
	p := &pipeline{
		threads: 3, batch: 2, open: func(int) session { return &fake{} },
		emit: func(r report.Record) error { got = append(got, describe(r)); return nil },
	}
	if err := p.run(t.Context(), inputs(t, words...), nothing); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// However long the stream, a bounded number of inputs is held.
func TestPipelineIsBounded(t *testing.T) {
	var yielded, emitted, most atomic.Int64
	src, err := source.Open(source.Options{Args: []string{os.DevNull}})
	if err != nil {
		t.Fatal(err)
	}
	var one source.Input
	for in := range src.All() {
		one = in
	}
	const total = 5000
	stream := func(yield func(source.Input) bool) {
		for range total {
			held := yielded.Add(1) - emitted.Load()
			if held > most.Load() {
				most.Store(held)
			}
			if !yield(one) {
				return
			}
		}
	}
	const waiting = 10
	p := &pipeline{
		threads: 4, batch: 2, open: func(n int) session { return &fake{} },
		emit:       func(report.Record) error { emitted.Add(1); return nil },
		maxWaiting: waiting * leastWeight,
	}
	if err := p.run(t.Context(), stream, nothing); err != nil {
		t.Fatal(err)
	}
	if emitted.Load() != total {
		t.Errorf("%d records", emitted.Load())
	}
	// Jobs being found, passed on, read, ready, worked on; records that wait.
	if limit := int64(2*(2+1+4+2*4+4) + waiting + 2*4); most.Load() > limit {
		t.Errorf("%d inputs held at once, want at most %d", most.Load(), limit)
	}
}
