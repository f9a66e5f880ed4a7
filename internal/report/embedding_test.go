package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/explain"
	"github.com/effnet/effnet/pkg/similar"
)

var (
	embedded = Style{Model: "efficientnet-lite0", Precision: "f32", Body: Embedding, Features: 3}
	vectors  = []Record{
		{Path: "a.jpg", Result: &classify.Result{Embedding: []float32{0.1, 0, -2.5e-7}}},
		{Path: "b\n.jpg", Err: &classify.Error{Kind: classify.KindDecode, Err: errors.New("truncated JPEG")}},
		{Path: "c\xff\x1b.jpg", Result: &classify.Result{Embedding: []float32{3, 16777217, 1.0 / 3}}},
		{Path: "\u0085d.jpg", Result: &classify.Result{Embedding: []float32{1, 1, 1}}},
	}
)

func TestEmbeddingJSONL(t *testing.T) {
	const want = `{"schema":"effnet/v1","path":"a.jpg","model":"efficientnet-lite0","embedding":[0.1,0,-2.5e-07]}
{"schema":"effnet/v1","path":"b\n.jpg","model":"efficientnet-lite0","error":{"kind":"decode","message":"truncated JPEG"}}
{"schema":"effnet/v1","path":"c�\u001b.jpg","path_b64":"Y/8bLmpwZw==","model":"efficientnet-lite0","embedding":[3,1.6777216e+07,0.33333334]}
{"schema":"effnet/v1","path":"\u0085d.jpg","model":"efficientnet-lite0","embedding":[1,1,1]}
`
	got := write(t, "jsonl", embedded, vectors)
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	v, model, err := similar.ReadJSONL(bytes.NewReader(got))
	if err != nil || model != "efficientnet-lite0" || v.Len() != 3 || v.Names[1] != vectors[2].Path {
		t.Errorf("read as %v of %q, %v", v, model, err)
	}
}

// whole writes all of vectors to a file.
func wholeEmbeddings(t *testing.T, path, format string) []byte {
	t.Helper()
	f, err := OpenFile(path, format, embedded)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range vectors {
		if err := f.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEmbeddingNPY(t *testing.T) {
	t.Chdir(t.TempDir())
	array := wholeEmbeddings(t, "out.npy", "npy")
	names, err := os.ReadFile("out.npy.txt")
	if err != nil {
		t.Fatal(err)
	}
	v, err := similar.ReadNPY(bytes.NewReader(array), bytes.NewReader(names))
	if err != nil {
		t.Fatal(err)
	}
	want := &similar.Vectors{
		Names: []string{"a.jpg", vectors[2].Path, "\u0085d.jpg"}, Dim: 3,
		Data: []float32{0.1, 0, -2.5e-7, 3, 16777217, 1.0 / 3, 1, 1, 1},
	}
	if d := cmp.Diff(want, v); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, name := range []string{"out.npy.part", "out.npy.new", "out.npy.txt.new"} {
		gone(t, name)
	}
	if _, err := OpenFile(os.DevNull, "npy", embedded); err == nil {
		t.Error("an array was begun on a device")
	}
}

// A run that goes on makes the bytes of one that did not stop.
func TestEmbeddingResume(t *testing.T) {
	for _, format := range []string{"jsonl", "npy", "parquet"} {
		t.Run(format, func(t *testing.T) {
			t.Chdir(t.TempDir())
			want := wholeEmbeddings(t, "whole", format)
			lines := write(t, "jsonl", embedded, vectors)
			for _, n := range []int{0, 60, 100, 200, len(lines)} {
				if err := os.WriteFile("out.part", lines[:n], 0o666); err != nil {
					t.Fatal(err)
				}
				resumeAll(t, format, bytes.Count(lines[:n], []byte{'\n'}))
				if got, err := os.ReadFile("out"); err != nil || !bytes.Equal(got, want) {
					t.Errorf("from %d bytes: %q, %v", n, got, err)
				}
			}
			if format == "npy" {
				resumeAll(t, format, 0) // it does not tell the model
			} else {
				resumeAll(t, format, len(vectors))
			}
			if got, err := os.ReadFile("out"); err != nil || !bytes.Equal(got, want) {
				t.Errorf("from the whole: %q, %v", got, err)
			}
		})
	}
}

func resumeAll(t *testing.T, format string, known int) {
	t.Helper()
	f, p, err := Resume("out", format, embedded)
	if err != nil {
		t.Fatal(err)
	}
	if p.Len() != known {
		t.Errorf("%d records are known, want %d", p.Len(), known)
	}
	for _, r := range vectors {
		if old, ok := p.Take(r.Path); ok {
			r = old
		}
		if err := f.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestEmbeddingResumeRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	longer, other := embedded, embedded
	longer.Features, other.Body = 4, Predictions
	for _, format := range []string{"jsonl", "parquet"} {
		wholeEmbeddings(t, "out", format)
		for _, s := range []Style{longer, other} {
			_, _, err := Resume("out", format, s)
			if refused := (*ResumeError)(nil); !errors.As(err, &refused) {
				t.Errorf("%s: %v", format, err)
			}
		}
	}
}

var compared = []Record{
	{Path: "a.jpg", Result: &classify.Result{Damaged: true}, Nearest: []similar.Match{{Name: "x\n.jpg", Cosine: 1}, {Name: "\xff", Cosine: -0.25}}},
	vectors[1],
	{Path: "b.jpg", Result: &classify.Result{}},
}

func TestNearest(t *testing.T) {
	s := Style{Model: "efficientnet-lite0", Body: Nearest}
	const lines = `{"schema":"effnet/v1","path":"a.jpg","model":"efficientnet-lite0","damaged":true,"nearest":[{"rank":1,"path":"x\n.jpg","cosine":1.000000},{"rank":2,"path":"�","path_b64":"/w==","cosine":-0.250000}]}
{"schema":"effnet/v1","path":"b\n.jpg","model":"efficientnet-lite0","error":{"kind":"decode","message":"truncated JPEG"}}
{"schema":"effnet/v1","path":"b.jpg","model":"efficientnet-lite0","nearest":[]}
`
	const table = `a.jpg  damaged
  1  1.000000  "x\n.jpg"
  2  -0.250000  "\xff"

"b\n.jpg"
  error: truncated JPEG

b.jpg
  none
`
	for format, want := range map[string]string{"jsonl": lines, "table": table} {
		if d := cmp.Diff(want, string(write(t, format, s, compared))); d != "" {
			t.Errorf("%s (-want +got):\n%s", format, d)
		}
	}
}

func TestMarshalEscapes(t *testing.T) {
	got, err := Marshal(map[string]string{"a": "\x1b\u009b\x7f<é\xff"})
	if want := `{"a":"\u001b\u009b\u007f<é�"}`; err != nil || strings.ReplaceAll(string(got), `\ufffd`, "�") != want || !json.Valid(got) {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestBodiesFollowSchema(t *testing.T) {
	s := compile(t, true)
	timed := embedded
	timed.Timing = true
	maps := Record{Path: "a.jpg", Maps: &explain.Record{
		Schema: SchemaName, Path: "a.jpg", Model: "m", Image: explain.ImageRecord{Format: "png", Width: 2, Height: 2},
		Crop: explain.Rectangle{Width: 2, Height: 2}, Input: explain.Rectangle{Width: 2, Height: 2},
		Maps: []explain.MapRecord{{Rank: 1, Label: "dog", Probability: 1, Values: [][]float32{{1, 2}}}},
	}}
	for _, text := range [][]byte{
		write(t, "jsonl", timed, vectors), write(t, "jsonl", Style{Model: "efficientnet-lite0", Body: Nearest}, compared),
		write(t, "jsonl", Style{Model: "efficientnet-lite0", Body: Maps}, []Record{maps}),
	} {
		for line := range bytes.Lines(text) {
			if err := validate(s, bytes.TrimSpace(line)); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
}
