package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
)

// styles are those in which records may be written and read back.
var styles = map[string]Style{
	"plain":   {},
	"lenient": {Damaged: true},
	"logits":  {Damaged: true, Logits: true},
	"asked":   {Damaged: true, Logits: true, Timing: true, Engine: engine},
	"scaled":  {Damaged: true, Timing: true, Scaled: true},
	"check":   {Damaged: true, Check: true},
	"all":     {Damaged: true, Logits: true, Timing: true, Engine: engine, Check: true},
}

// recordsOf are what a run in a style may write.
func recordsOf(s Style) []Record {
	if s.Check {
		return checked
	}
	if s.Scaled {
		return append(slices.Clone(everyone), small)
	}
	return everyone
}

func TestJSONLReadsBack(t *testing.T) {
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			want := write(t, "jsonl", style, recordsOf(style))
			var got bytes.Buffer
			style.Model, style.Precision = "efficientnet-lite0", "f32"
			if err := ReadJSONL(bytes.NewReader(want), New("jsonl", &got, style).Write); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("(-written +read and written):\n%s", d)
			}
		})
	}
}

func TestJSONLKeepsPathsAndErrors(t *testing.T) {
	var got []Record
	err := ReadJSONL(bytes.NewReader(write(t, "jsonl", Style{}, everyone)), func(r Record) error {
		got = append(got, r)
		return nil
	})
	if err != nil || len(got) != len(everyone) {
		t.Fatalf("%d records, %v", len(got), err)
	}
	for i, r := range got {
		want := everyone[i]
		if r.Path != want.Path || (r.Err == nil) != (want.Err == nil) || r.Err != nil && r.Err.Kind != want.Err.Kind {
			t.Errorf("%q became %q, %v", want.Path, r.Path, r.Err)
		}
	}
}

func TestJSONLRefuses(t *testing.T) {
	const good = `{"schema":"effnet/v1","path":"a","model":"m","error":{"kind":"read","message":"no"}}`
	for text, want := range map[string]string{
		good + "\n" + good[:40]:                                   "line 2: torn",
		good + "\n\n\n{}\n":                                       "line 4: no record of the schema",
		`{"schema":"effnet/v2","path":"a"}`:                       `"effnet/v2"`,
		`{"schema":"effnet/v1","predictions":[]}`:                 "without path",
		`{"schema":"effnet/v1","path":"a"}`:                       "neither",
		strings.Replace(good, "read", "weather", 1):               `"weather"`,
		strings.Replace(good, `,"model"`, `,"path_b64":"?"$0`, 1): "line 1",
		`{"schema":"effnet/v1","path":"a","predictions":[]}`:      "size of its image",
		`[` + good + `]`:                                          "no record",
		`{"schema":"effnet/v1","path":"a","image":{},"predictions":[{"rank":1,"probability":2}]}`:               "no prediction",
		`{"schema":"effnet/v1","path":"a","image":{},"predictions":[],"timing_ms":{"total":1e300}}`:             "no time",
		`{"schema":"effnet/v1","path":"a","image":{},"predictions":[{"rank":1,"probability":1,"logit":1e300}]}`: "no record",
	} {
		err := ReadJSONL(strings.NewReader(text), func(Record) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	stop := errors.New("enough")
	if err := ReadJSONL(strings.NewReader(good), func(Record) error { return stop }); err != stop {
		t.Errorf("got %v for the caller's own error", err)
	}
}

func TestLinesAreBounded(t *testing.T) {
	endless := io.LimitReader(zeros{}, maxLine+1<<20)
	if _, err := scanLines(endless, false, func(int64, []byte, bool) error { return nil }); !errors.Is(err, errLongLine) {
		t.Errorf("got %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Every record that a codec may reuse is encoded as the bytes that it was read from.
func TestCodecsReadBack(t *testing.T) {
	for _, format := range []string{"jsonl", "csv"} {
		for name, style := range styles {
			t.Run(format+"/"+name, func(t *testing.T) {
				text := write(t, format, style, recordsOf(style))
				style.Model, style.Precision = "efficientnet-lite0", "f32"
				c := newCodec(format, &style)
				at := int64(len(c.header))
				reused := map[string]bool{}
				end, err := c.scan(bytes.NewReader(text), func(from int64, raw []byte, e *entry) {
					if from != at || !bytes.Equal(raw, text[from:from+int64(len(raw))]) {
						t.Errorf("%q is said to be at %d, but the last one ended at %d", e.Path, from, at)
					}
					at += int64(len(raw))
					reused[e.Path] = c.reusable(e)
				})
				if style.Damaged != true && err != nil && strings.Contains(err.Error(), "--lenient") {
					return
				}
				if err != nil || end != at {
					t.Fatalf("%v; ends at %d, the last one at %d", err, end, at)
				}
				if format == "jsonl" && end != int64(len(text)) {
					t.Errorf("ends at %d of %d", end, len(text))
				}
				if reused["half.jpg"] != !style.Check || reused["broken.jpg"] {
					t.Errorf("half.jpg reused: %v, broken.jpg: %v", reused["half.jpg"], reused["broken.jpg"])
				}
			})
		}
	}
}

func TestCodecsNameWhatDiffers(t *testing.T) {
	was := Style{Model: "m", Precision: "f32", Damaged: true, Top: 1}
	for want, change := range map[string]func(*Style){
		"the model m":        func(s *Style) { s.Model = "other" },
		"the precision f32":  func(s *Style) { s.Precision = "int8" },
		"--logits":           func(s *Style) { s.Logits = true },
		"--timing":           func(s *Style) { s.Timing = true },
		"--provenance":       func(s *Style) { s.Engine = engine },
		"--lenient":          func(s *Style) { s.Damaged = false },
		"1 predictions":      func(s *Style) { s.Top = 5 },
		"a check":            func(s *Style) { s.Check = true },
		"too likely by half": func(s *Style) { s.Fits = func(Record) error { return errors.New("too likely by half") } },
	} {
		var b bytes.Buffer
		if err := New("jsonl", &b, was).Write(damaged); err != nil {
			t.Fatal(err)
		}
		now := was
		change(&now)
		_, err := newCodec("jsonl", &now).scan(&b, func(int64, []byte, *entry) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	var part bytes.Buffer
	timed := was
	timed.Timing = true
	if err := New("jsonl", &part, timed).Write(small); err != nil {
		t.Fatal(err)
	}
	if _, err := newCodec("jsonl", &timed).scan(&part, nil); err == nil || !strings.Contains(err.Error(), "--scaled") {
		t.Errorf("got %v for a scaled picture", err)
	}
	by := was
	by.Engine = &Engine{Version: "v1", Tier: "avx2"}
	now := was
	now.Engine = &Engine{Version: "v2", Tier: "avx2"}
	var b bytes.Buffer
	if err := New("jsonl", &b, by).Write(damaged); err != nil {
		t.Fatal(err)
	}
	if _, err := newCodec("jsonl", &now).scan(&b, nil); err == nil || !strings.Contains(err.Error(), "v1") {
		t.Errorf("got %v for another engine", err)
	}
}

func TestCSVRefuses(t *testing.T) {
	s := &Style{}
	header := string(newCodec("csv", s).header)
	for text, want := range map[string]string{
		"path,rank\n":                                "columns path,rank",
		header + "a,1,2\n":                           "3 fields",
		header + `a""b,1,2,,x,1.000000,` + "\n":      "bare quotation mark",
		header + `"a"b,1,2,,x,1.000000,` + "\n":      "after a quotation mark",
		header + "a,1,2,,x,1.0,\nb,,,,,,no\n":        "another way",
		header + "a,one,2,,x,1.000000,\nb,,,,,,no\n": "no prediction",
		header + "a,1,2,,x,NaN,\nb,,,,,,no\n":        "no prediction",
	} {
		_, err := newCodec("csv", s).scan(strings.NewReader(text), func(int64, []byte, *entry) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestParquetReadsBack(t *testing.T) {
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			records := recordsOf(style)
			file := write(t, "parquet", style, records)
			if again := write(t, "parquet", style, records); !bytes.Equal(file, again) {
				t.Error("other bytes the second time")
			}
			var got []byte
			err := readParquet(bytes.NewReader(file), int64(len(file)), func(e *entry, s *Style) error {
				s.Model, s.Precision, s.Engine = e.model, e.precision, e.engine
				got = append(appendRecord(got, e.Record, s), '\n')
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(write(t, "jsonl", style, records)), string(got)); d != "" {
				t.Errorf("(-jsonl +parquet as jsonl):\n%s", d)
			}
		})
	}
}

func TestParquetHasManyGroups(t *testing.T) {
	r := dog
	r.Result = &classify.Result{Format: "jpeg", Width: 1, Height: 1}
	for i := range 1000 {
		r.Result.Predictions = append(r.Result.Predictions, classify.Prediction{Rank: i + 1, Index: i, Label: fmt.Sprint("class ", i)})
	}
	records := make([]Record, 300)
	for i := range records {
		records[i] = r
		records[i].Path = fmt.Sprint(i)
	}
	file := write(t, "parquet", Style{}, records)
	n := 0
	err := readParquet(bytes.NewReader(file), int64(len(file)), func(e *entry, _ *Style) error {
		if e.Path != fmt.Sprint(n) || len(e.Result.Predictions) != 1000 || e.Result.Predictions[999].Index != 999 {
			t.Errorf("record %d is %q with %d predictions", n, e.Path, len(e.Result.Predictions))
		}
		n++
		return nil
	})
	if err != nil || n != len(records) {
		t.Errorf("%d records, %v", n, err)
	}
}

// Bytes of a parquet file may be wrong: the reader ends without a fault, and soon.
func TestParquetSurvivesDamage(t *testing.T) {
	file := write(t, "parquet", styles["check"], checked)
	for at := 0; at < len(file); at += 3 {
		broken := bytes.Clone(file)
		broken[at] ^= []byte{0xff, 0x01, 0x80}[at/3%3]
		_ = readParquet(bytes.NewReader(broken), int64(len(broken)), func(*entry, *Style) error { return nil })
		_ = readParquet(bytes.NewReader(file[:at]), int64(at), func(*entry, *Style) error {
			t.Errorf("a record in the first %d bytes of %d", at, len(file))
			return nil
		})
	}
}
