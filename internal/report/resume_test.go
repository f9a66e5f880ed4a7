package report

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/effnet/effnet/pkg/classify"
)

// album are inputs as a run may meet them: failures, pictures without a prediction, names
// twice, names that are no UTF-8 or look like others, standard input.
func album() []Record {
	both := func(path string) Record { return Record{Path: path, Result: dog.Result} }
	return []Record{both("a.jpg"), none, broken, hostile, both("b, \"c\"\r\n.jpg"), both("a.jpg"), both("a.jpg"),
		{Path: "-", Result: dog.Result}, latin1, both("caf\ufffd.jpg"), both("z/1.jpg"), both("z/2.jpg")}
}

// few are enough to have every kind of row, and small.
func few() []Record {
	return []Record{{Path: "a", Result: damaged.Result}, {Path: "\",\n", Result: dog.Result}, hostile,
		{Path: "a", Result: damaged.Result}, none, {Path: "b", Result: damaged.Result}}
}

var resumed = Style{Model: "efficientnet-lite0", Precision: "f32", Damaged: true}

// uninterrupted is what a run over records leaves.
func uninterrupted(t *testing.T, format string, records []Record) string {
	t.Helper()
	f, err := OpenFile("whole", format, resumed)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := f.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("whole")
	if err != nil {
		t.Fatal(err)
	}
	gone(t, "whole.part")
	gone(t, "whole.resume")
	gone(t, "whole.new")
	return string(text)
}

// goOn resumes out and writes records, those there before as Take gives them, until stop
// (-1: all). It returns the file and how many Take gave.
func goOn(t *testing.T, format string, records []Record, stop int) (*File, int) {
	t.Helper()
	f, p, err := Resume("out", format, resumed)
	if err != nil {
		t.Fatal(err)
	}
	reused := 0
	for i, r := range records {
		if i == stop {
			break
		}
		old, ok := p.Take(r.Path)
		if ok {
			if old.Path != r.Path || (old.Err == nil) != (r.Err == nil) {
				t.Fatalf("took %q for %q", old.Path, r.Path)
			}
			r = old
			reused++
		}
		if err := f.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	return f, reused
}

// kill leaves everything as it is at this moment.
func kill(f *File) {
	f.out.file.Close()
	f.tape.close()
}

func commit(t *testing.T, f *File) {
	t.Helper()
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	gone(t, "out.part")
	gone(t, "out.resume")
	gone(t, "out.new")
}

func clear3(t *testing.T) {
	t.Helper()
	for _, name := range []string{"out", "out.part", "out.resume"} {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

// partOf is the FILE.part of a run over records that was not committed.
func partOf(t *testing.T, format string, records []Record) []byte {
	t.Helper()
	clear3(t)
	f, _ := goOn(t, format, records, -1)
	kill(f)
	part, err := os.ReadFile("out.part")
	if err != nil {
		t.Fatal(err)
	}
	return part
}

func eachFormat(t *testing.T, f func(t *testing.T, format string), formats ...string) {
	if formats == nil {
		formats = []string{"jsonl", "csv", "parquet"}
	}
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			t.Chdir(t.TempDir())
			f(t, format)
		})
	}
}

// inputs of the second run: the same, some put before, some taken away, another order.
func secondRuns(all []Record) map[string][]Record {
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	return map[string][]Record{
		"same":      all,
		"inserted":  append([]Record{{Path: "0.jpg", Result: dog.Result}, {Path: "1.jpg", Result: none.Result}}, all...),
		"amid":      slices.Insert(slices.Clone(all), 3, Record{Path: "new.jpg", Result: dog.Result}),
		"removed":   all[2:],
		"fewer":     all[:3],
		"backwards": backwards,
		"none":      nil,
	}
}

// content is what the part would become by Commit, without its slow way to the disk.
func content(t *testing.T, f *File) string {
	t.Helper()
	if err := errors.Join(f.writer.Close(), f.tape.finish()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("out.part")
	if err != nil {
		t.Fatal(err)
	}
	kill(f)
	return string(text)
}

// A part may be cut at any byte.
func TestResumeEveryCut(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		part := partOf(t, format, few())
		for name, records := range secondRuns(few()) {
			want := string(partOf(t, format, records))
			step := 11
			if name == "same" || name == "amid" {
				step = 1
			}
			for cut := 0; cut <= len(part); cut += step {
				clear3(t)
				put(t, "out.part", string(part[:cut]))
				f, _ := goOn(t, format, records, -1)
				if got := content(t, f); got != want {
					t.Fatalf("%s: cut at %d: got\n%s\nwant\n%s", name, cut, got, want)
				}
			}
		}
	}, "jsonl", "csv")
}

// FILE.resume may be cut at any byte while FILE.part still has what is copied to it.
func TestResumeKilledWhileSaving(t *testing.T) {
	records := secondRuns(few())["amid"]
	eachFormat(t, func(t *testing.T, format string) {
		want := string(partOf(t, format, records))
		part := partOf(t, format, few())
		f, _ := goOn(t, format, records, 4)
		kill(f)
		saved, err := os.ReadFile("out.resume")
		if err != nil || len(saved) == 0 {
			t.Fatalf("nothing was saved: %v", err)
		}
		for cut := range len(saved) + 1 {
			put(t, "out.part", string(part))
			put(t, "out.resume", string(saved[:cut]))
			f, _ := goOn(t, format, records, -1)
			if got := content(t, f); got != want {
				t.Fatalf("cut at %d: got\n%s\nwant\n%s", cut, got, want)
			}
		}
	}, "jsonl", "csv")
}

// What was classified once is not classified again, whatever comes before it.
func TestResumeUsesAll(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		all := album()
		once := map[string]int{"jsonl": 9, "parquet": 9, "csv": 5}[format] // not what could not be read; csv: no failure, no U+FFFD, nothing without a row, not the last
		for _, from := range []string{"out.part", "out"} {
			for name, records := range secondRuns(all) {
				if len(records) < len(all) {
					continue
				}
				partOf(t, format, all)
				if from == "out" {
					f, _ := goOn(t, format, all, -1)
					commit(t, f)
				}
				f, reused := goOn(t, format, records, -1)
				commit(t, f)
				if reused < once {
					t.Errorf("%s, %s: %d of %d used again", from, name, reused, once)
				}
			}
		}
	})
}

// However often it is killed, with whatever inputs, the last run ends as if it were the
// only one.
func TestResumeManyKills(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 25 {
			clear3(t)
			if random.IntN(2) == 0 {
				put(t, "out", uninterrupted(t, format, shuffled(random)))
			}
			for range random.IntN(6) {
				records := shuffled(random)
				f, _ := goOn(t, format, records, random.IntN(len(records)+1))
				switch random.IntN(3) {
				case 0:
					if _, err := f.Keep(); err != nil {
						t.Fatal(err)
					}
				case 1:
					kill(f)
					tear(t, "out.part", random)
				case 2:
					kill(f)
				}
			}
			records := shuffled(random)
			want := uninterrupted(t, format, records)
			f, _ := goOn(t, format, records, -1)
			commit(t, f)
			holds(t, "out", want)
			if t.Failed() {
				return
			}
		}
	})
}

// shuffled is some of the album, in the order of one or another run.
func shuffled(random *rand.Rand) []Record {
	records := album()
	if random.IntN(3) == 0 {
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	}
	return slices.DeleteFunc(records, func(Record) bool { return random.IntN(4) == 0 })
}

// tear cuts off a few bytes, as when the last write was not whole.
func tear(t *testing.T, name string, random *rand.Rand) {
	t.Helper()
	info, err := os.Stat(name)
	if err == nil {
		err = os.Truncate(name, max(0, info.Size()-random.Int64N(200)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestResumeKeepsOldFile(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		old := uninterrupted(t, format, album()[:5])
		put(t, "out", old)
		f, _ := goOn(t, format, album(), 8)
		if part, err := f.Keep(); err != nil || part != "out.part" {
			t.Fatal(part, err)
		}
		holds(t, "out", old)
		want := uninterrupted(t, format, album())
		f, _ = goOn(t, format, album(), -1)
		commit(t, f)
		holds(t, "out", want)
	})
}

func TestKeepLeavesWholeRecords(t *testing.T) {
	t.Chdir(t.TempDir())
	part := partOf(t, "jsonl", album())
	put(t, "out.part", string(part)+`{"torn`)
	f, _ := goOn(t, "jsonl", album(), 2)
	if _, err := f.Keep(); err != nil {
		t.Fatal(err)
	}
	holds(t, "out.part", string(part))
}

// The rows of csv with a known number of predictions are whole as soon as they are all there.
func TestCSVKnowsWholePictures(t *testing.T) {
	style := Style{Top: 3}
	c := newCodec("csv", &style)
	text := write(t, "csv", style, []Record{dog, {Path: "b", Result: dog.Result}})
	found := 0
	count := func(int64, []byte, *entry) { found++ }
	if _, err := c.scan(bytes.NewReader(text), count); err == nil && found == 2 {
		return
	}
	t.Errorf("%d pictures of 2", found)
}

// The table of what is to be taken is small.
func TestPreviousIsSmall(t *testing.T) {
	t.Chdir(t.TempDir())
	records := make([]Record, 1000)
	for i := range records {
		records[i] = Record{Path: fmt.Sprint(i), Err: &classify.Error{Kind: classify.KindFormat, Err: errors.New("no")}}
	}
	partOf(t, "jsonl", records)
	f, p, err := Resume("out", "jsonl", resumed)
	if err != nil {
		t.Fatal(err)
	}
	defer kill(f)
	if p.Len() != len(records) || cap(p.spans) > 2*len(records) {
		t.Errorf("%d records in room for %d", p.Len(), cap(p.spans))
	}
	for i := range records {
		if r, ok := p.Take(fmt.Sprint(i)); !ok || r.Path != fmt.Sprint(i) || r.Err.Kind != classify.KindFormat {
			t.Fatalf("took %+v for %d", r, i)
		}
	}
	if _, ok := p.Take("other"); ok {
		t.Error("took what is not there")
	}
}

// Workers take records while others are written, also when the part is cut.
func TestTakeWhileWriting(t *testing.T) {
	t.Chdir(t.TempDir())
	partOf(t, "jsonl", album())
	f, p, err := Resume("out", "jsonl", resumed)
	if err != nil {
		t.Fatal(err)
	}
	var takers sync.WaitGroup
	for range 2 {
		takers.Go(func() {
			for range 100 {
				for _, r := range album() {
					old, ok := p.Take(r.Path)
					if want := r.Path != "-" && r.Path != broken.Path && r.Path != hostile.Path; ok != want || ok && old.Path != r.Path {
						t.Errorf("%q: took %q, %v", r.Path, old.Path, ok)
					}
				}
			}
		})
	}
	for _, r := range secondRuns(album())["amid"] {
		if err := f.Write(r); err != nil {
			t.Error(err)
		}
	}
	takers.Wait()
	commit(t, f)
}
