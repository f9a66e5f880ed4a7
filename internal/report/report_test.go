package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
)

var update = flag.Bool("update", false, "write testdata/*.snapshot anew")

var (
	dog = Record{Path: "dog.jpg", Result: &classify.Result{
		Format: "jpeg", Width: 640, Height: 480,
		Predictions: []classify.Prediction{
			{Rank: 1, Index: 207, WNID: "n02099601", Label: "golden retriever", Probability: 0.9312446, Logit: 12.3456789},
			{Rank: 2, Index: 208, WNID: "n02099712", Label: "Labrador retriever", Probability: 0.0400004, Logit: -0.000012345678},
			{Rank: 10, Index: 1, Label: "金魚", Probability: 0.0000004, Logit: 8.5},
		},
		Timing: classify.Timing{Decode: 1800 * time.Microsecond, Resize: 950 * time.Microsecond, Model: 10 * time.Millisecond, Total: 12750100},
	}}
	damaged = Record{Path: "half.jpg", Result: &classify.Result{
		Format: "png", Width: 1, Height: 2, Damaged: true,
		Predictions: []classify.Prediction{{Rank: 1, Index: 0, WNID: "n01440764", Label: "tench", Probability: 1}},
	}}
	small = Record{Path: "large.jpg", Result: &classify.Result{
		Format: "jpeg", Width: 4000, Height: 3000, Timing: classify.Timing{Scale: 4},
		Predictions: []classify.Prediction{{Rank: 1, Index: 0, WNID: "n01440764", Label: "tench", Probability: 1}},
	}}
	none    = Record{Path: "none.gif", Result: &classify.Result{Format: "gif", Width: 3, Height: 3}}
	broken  = Record{Path: "broken.jpg", Err: &classify.Error{Kind: "decode", Err: errors.New("truncated JPEG")}}
	hostile = Record{Path: "a,\"b\"\nc\x1b[31m.jpg", Err: &classify.Error{Kind: "read", Err: errors.New("no\nsuch \"file\" \x1b[2J")}}
	latin1  = Record{Path: "caf\xe9.jpg", Result: damaged.Result}
	control = Record{Path: "c1\u009b31m\u007f\u2028.jpg", Result: none.Result}
	passed  = Record{Path: "cat.jpg", Result: damaged.Result, Check: &check.Verdict{Passed: true, Results: []check.Result{
		{Rule: "expect", Want: "fish", Got: "tench", Passed: true}}}}
	failed = Record{Path: "dog.jpg", Result: dog.Result, Check: &check.Verdict{Results: []check.Result{
		{Rule: "expect", Want: "tabby", Got: "golden retriever"}, {Rule: "min-prob", Want: "0.5", Got: "0.931245", Passed: true},
		{Rule: "reject", Want: "a\nb", Got: "\x1b[2J"}}}}
	literal  = Record{Path: `"quoted".jpg`, Result: none.Result}
	forged   = Record{Path: "  1  tench  1.000000", Result: none.Result}
	engine   = &Engine{Version: "v1.2.3", Tier: "avx512", ModelSHA256: "00ff"}
	unranked = Record{Path: "none.gif", Result: none.Result, Check: &check.Verdict{Results: []check.Result{
		{Name: "hero, large", Rule: "expect", Want: "tabby", Got: "nothing"}}}}
	checked  = []Record{passed, failed, broken, unranked}
	everyone = []Record{dog, damaged, none, broken, hostile, latin1, control, literal, forged}
)

// lines are the formats that are text, written a record at a time.
var lines = slices.DeleteFunc(slices.Clone(Formats), func(f string) bool { return f == "parquet" })

func write(t *testing.T, format string, s Style, records []Record) []byte {
	t.Helper()
	s.Model, s.Precision = "efficientnet-lite0", "f32"
	var b bytes.Buffer
	w := New(format, &b, s)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSnapshots(t *testing.T) {
	styles := map[string]Style{
		"plain":    {},
		"asked":    {Logits: true, Timing: true, Damaged: true, Engine: engine},
		"terminal": {Columns: 80, Color: true},
		"narrow":   {Columns: 48},
		"screen":   {Columns: 80, HideErrors: true},
		"logits":   {Columns: 100, Logits: true},
	}
	for name, style := range styles {
		for _, format := range lines {
			if style.Columns > 0 && format != "table" {
				continue
			}
			t.Run(name+"."+format, func(t *testing.T) {
				snapshot(t, name+"."+format, write(t, format, style, everyone))
			})
		}
	}
	for _, format := range lines {
		t.Run("scaled."+format, func(t *testing.T) {
			snapshot(t, "scaled."+format, write(t, format, Style{Timing: true, Scaled: true}, []Record{small, dog, broken}))
		})
		t.Run("check."+format, func(t *testing.T) {
			snapshot(t, "check."+format, write(t, format, Style{Check: true, Engine: engine}, checked))
		})
		t.Run("empty."+format, func(t *testing.T) { snapshot(t, "empty."+format, write(t, format, Style{}, nil)) })
	}
}

func snapshot(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".snapshot")
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestJSONIsJSON(t *testing.T) {
	style := Style{Logits: true, Timing: true, Engine: engine}
	var array, objects []map[string]any
	if err := json.Unmarshal(write(t, "json", style, everyone), &array); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(write(t, "jsonl", style, everyone)), "\n"), "\n") {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		objects = append(objects, v)
	}
	if d := cmp.Diff(array, objects); d != "" {
		t.Errorf("json and jsonl differ (-json +jsonl):\n%s", d)
	}
	if got := array[4]["path"]; got != hostile.Path {
		t.Errorf("path %q came back as %q", hostile.Path, got)
	}
	if got := array[6]["path"]; got != control.Path {
		t.Errorf("path %q came back as %q", control.Path, got)
	}
}

func TestCSVIsCSV(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(write(t, "csv", Style{}, everyone))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[6][0]; got != hostile.Path {
		t.Errorf("path %q came back as %q", hostile.Path, got)
	}
}

// No byte of a name or a message reaches a terminal as a control.
func TestTableEscapes(t *testing.T) {
	for _, line := range strings.Split(string(write(t, "table", Style{}, everyone)), "\n") {
		if !printable(line) {
			t.Errorf("%q", line)
		}
	}
}

type calls struct{ n int }

func (c *calls) Write(p []byte) (int, error) { c.n++; return len(p), nil }

func TestRecordIsOneWrite(t *testing.T) {
	for _, format := range lines {
		c := &calls{}
		w := New(format, c, Style{})
		for i, r := range []Record{dog, broken} {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
			if c.n != i+1 {
				t.Errorf("%s: %d writes after %d records", format, c.n, i+1)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrors(t *testing.T) {
	for _, format := range lines {
		for _, r := range everyone[:1] {
			if err := New(format, full{}, Style{}).Write(r); !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: got %v", format, err)
			}
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if w := New("yaml", nil, Style{}); w != nil {
		t.Errorf("got %T", w)
	}
}

func TestBlocks(t *testing.T) {
	for _, tt := range []struct {
		p     float64
		width int
		want  string
	}{{1, 3, "███"}, {0.5, 3, "█▌"}, {0.0001, 8, ""}, {0.02, 8, "▏"}, {1, 0, ""}, {0.999, 8, "████████"}} {
		if got := blocks(tt.p, tt.width); got != tt.want {
			t.Errorf("blocks(%v, %d) = %q, want %q", tt.p, tt.width, got, tt.want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"a", "", "a\nb", "\xff", `"`, "\x1b[0m", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !printable(Quote(s)) || !printable(Escape(s)) {
			t.Fatalf("%q: %q %q", s, Quote(s), Escape(s))
		}
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil || back != strings.ToValidUTF8(string([]rune(s)), "\uFFFD") {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
	})
}
