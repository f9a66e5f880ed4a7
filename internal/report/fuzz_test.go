package report

import (
	"bytes"
	"slices"
	"testing"
)

// FuzzReadJSONL holds that what is read is written so that it is read as the same again.
func FuzzReadJSONL(f *testing.F) {
	for _, s := range styles {
		var b bytes.Buffer
		s.Model, s.Precision = "m", "f32"
		w := New("jsonl", &b, s)
		for _, r := range recordsOf(s) {
			_ = w.Write(r)
		}
		f.Add(b.Bytes())
	}
	for _, r := range append(slices.Clone(everyone), checked...) {
		f.Add(appendRecord(nil, r, &Style{Logits: true, Timing: true, Engine: engine}))
	}
	f.Add(appendRecord(nil, vectors[2], &Style{Body: Embedding, Timing: true}))
	f.Fuzz(func(t *testing.T, text []byte) {
		_ = ReadJSONL(bytes.NewReader(text), func(Record) error { return nil })
		e, err := decodeJSON(text)
		if err != nil {
			return
		}
		s := Style{Model: e.model, Precision: e.precision, Body: e.body, Logits: e.logits, Timing: e.timing, Engine: e.engine}
		once := bytes.Clone(appendRecord(nil, e.Record, &s))
		again, err := decodeJSON(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice := appendRecord(nil, again.Record, &s); !bytes.Equal(once, twice) {
			t.Fatalf("\n%s\n%s", once, twice)
		}
	})
}

// FuzzReadCSV holds that records are read in order, without a gap and as they are written.
func FuzzReadCSV(f *testing.F) {
	all := Style{Damaged: true, Logits: true, Timing: true, Engine: engine, Check: true}
	for _, s := range []Style{{Damaged: true}, all} {
		var b bytes.Buffer
		w := New("csv", &b, s)
		for _, r := range recordsOf(s) {
			_ = w.Write(r)
		}
		f.Add(b.Bytes(), s.Check)
	}
	f.Fuzz(func(t *testing.T, text []byte, everything bool) {
		s := Style{Damaged: true}
		if everything {
			s = all
		}
		c := newCodec("csv", &s)
		at := int64(len(c.header))
		end, err := c.scan(bytes.NewReader(text), func(from int64, raw []byte, e *entry) {
			if from != at || !bytes.Equal(text[from:from+int64(len(raw))], raw) || !bytes.Equal(c.encode(e.Record), raw) {
				t.Fatalf("%q at %d, after %d", raw, from, at)
			}
			at += int64(len(raw))
		})
		if err == nil && end != 0 && end != at {
			t.Fatalf("ends at %d, the last record at %d", end, at)
		}
	})
}

// FuzzReadParquet holds that no file makes the reader fail in a way not foreseen.
func FuzzReadParquet(f *testing.F) {
	for _, s := range styles {
		var b bytes.Buffer
		w := New("parquet", &b, s)
		for _, r := range recordsOf(s) {
			_ = w.Write(r)
		}
		_ = w.Close()
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		_ = readParquet(bytes.NewReader(file), int64(len(file)), func(e *entry, s *Style) error {
			s.Model, s.Precision, s.Engine = e.model, e.precision, e.engine
			_ = appendRecord(nil, e.Record, s)
			return nil
		})
	})
}

// FuzzTemplate holds that a template is refused at once or writes whole, bounded records.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{`{{.Path}}\t{{.Top.Label}}`, `{{range .Predictions}}{{.Label}}\n{{end}}`, `\0`, `{{range 99999999}}a{{end}}`,
		`{{json .}}`, `{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`, `{{quote .RawPath}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := ParseTemplate(text)
		if err != nil {
			return
		}
		for _, r := range []Record{dog, none, hostile, failed} {
			text, err := parsed.record(&r, &Style{})
			if err == nil && len(text) > maxTemplated+1 {
				t.Fatalf("%d bytes", len(text))
			}
		}
	})
}
