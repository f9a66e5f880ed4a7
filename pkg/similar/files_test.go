package similar

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample(t *testing.T) *Vectors {
	t.Helper()
	v := &Vectors{}
	for i, name := range []string{"a.jpg", "d/\"b\".jpg", "\"quoted", "c\n\x1b[31m\u0085\u2028.png", "\xff\xfe", "", " é ", "x\r", `back\slash`} {
		if err := v.Append(name, []float32{float32(i), -0.1, 1e-30, math.MaxFloat32, math.SmallestNonzeroFloat32}); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func TestJSONL(t *testing.T) {
	want := sample(t)
	var b []byte
	for i, name := range want.Names {
		b = append(AppendRecord(b, name, "m", want.Row(i)), '\n')
	}
	b = append(b, "\n{\"schema\":\"effnet/v1\",\"path\":\"x\",\"model\":\"m\",\"error\":{\"kind\":\"decode\",\"message\":\"bad\"}}\n"...)
	if bytes.ContainsAny(b, "\x1b\r\u0085\u2028") {
		t.Error("control characters are written")
	}
	got, model, err := ReadJSONL(bytes.NewReader(b))
	if err != nil || model != "m" {
		t.Fatal(model, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	line := string(AppendRecord(nil, "a/\xff", "lite0", []float32{0.1, 3, 1e-7}))
	if want := `{"schema":"effnet/v1","path":"a/` + "\uFFFD" + `","path_b64":"YS//","model":"lite0","embedding":[0.1,3,1e-07]}`; line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

func TestBrokenJSONL(t *testing.T) {
	good := string(AppendRecord(nil, "a", "m", []float32{1, 2})) + "\n"
	for text, want := range map[string]string{
		good + "{": "line 2: not a record", good + "[1]": "line 2", good + `{"schema":"effnet/v1","path":"b"}`: "line 2: a record without an embedding",
		`{"schema":"effnet/v9","path":"b"}`: "schema", `{"schema":"effnet/v1","embedding":[1]}`: "without a path",
		good + string(AppendRecord(nil, "b", "m", []float32{1})):          "line 2: a vector of 1 values among those of 2",
		good + string(AppendRecord(nil, "b", "other", []float32{1, 2})):   `line 2: an embedding of model "other"`,
		`{"schema":"effnet/v1","path":"a","embedding":[1e39]}`:            "line 1",
		`{"schema":"effnet/v1","path":"a","embedding":[]}`:                "line 1: a vector of 0 values",
		`{"schema":"effnet/v1","path":"` + strings.Repeat("a", maxLine):   "longer than",
		`{"schema":"effnet/v1","path":"a","path_b64":"!","embedding":[]}`: "line 1",
	} {
		if _, _, err := ReadJSONL(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, want %q", text, err, want)
		}
	}
}

func npyOf(t *testing.T, v *Vectors) (array, names []byte) {
	t.Helper()
	var a, n bytes.Buffer
	if err := errors.Join(v.WriteNPY(&a), WriteNames(&n, v.Names)); err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), n.Bytes()
}

func TestNPY(t *testing.T) {
	want := sample(t)
	array, names := npyOf(t, want)
	if n := bytes.Count(names, []byte("\n")); n != want.Len() {
		t.Errorf("%d lines of names", n)
	}
	header := "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (9, 5), }" + strings.Repeat(" ", 58) + "\n"
	if !bytes.HasPrefix(array, []byte(header)) || len(array) != 128+9*5*4 {
		t.Errorf("header %q", array[:min(len(array), 130)])
	}
	got, err := ReadNPY(bytes.NewReader(array), bytes.NewReader(names))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	empty, none := npyOf(t, &Vectors{})
	if got, err := ReadNPY(bytes.NewReader(empty), bytes.NewReader(none)); err != nil || got.Len() != 0 {
		t.Error(got, err)
	}
}

func TestNPYHeadersAreAligned(t *testing.T) {
	for n := 1; n < 1e9; n *= 10 {
		var b bytes.Buffer
		w, err := NewNPYWriter(&b, n, n%7+1)
		if err != nil || b.Len()%npyAlign != 0 || b.Bytes()[b.Len()-1] != '\n' {
			t.Errorf("%d: %d bytes, %v", n, b.Len(), err)
		}
		if w.Close() == nil {
			t.Error("missing rows are no error")
		}
		if w.Write(make([]float32, n%7)) == nil {
			t.Error("a short row is taken")
		}
	}
	w, _ := NewNPYWriter(io.Discard, 0, 1)
	if w.Close() != nil || w.Write([]float32{1}) == nil {
		t.Error("a row too many is taken")
	}
}

func TestBrokenNPY(t *testing.T) {
	array, names := npyOf(t, sample(t))
	change := func(old, new string) []byte { return bytes.Replace(array, []byte(old), []byte(new), 1) }
	for name, tt := range map[string]struct {
		array, names []byte
		want         string
	}{
		"empty":      {nil, names, "not a NumPy array"},
		"text":       {[]byte("hello, world"), names, "not a NumPy array"},
		"version":    {change("NUMPY\x01", "NUMPY\x02"), names, "version 2"},
		"header":     {array[:40], names, "within its header"},
		"short":      {array[:len(array)-1], names, "within row 8 of 9"},
		"long":       {append(bytes.Clone(array), 0), names, "goes on"},
		"doubles":    {change("<f4", "<f8"), names, "<f8"},
		"big endian": {change("<f4", ">f4"), names, ">f4"},
		"fortran":    {change("False", "True "), names, "Fortran"},
		"vector":     {change("(9, 5)", "(45,) "), names, "two axes"},
		"cube":       {change("(9, 5), ", "(3,3,5),"), names, "two axes"},
		"huge":       {change("(9, 5), }"+strings.Repeat(" ", 20), "(9, 999999999999999999), }   "), names, "values"},
		"claims":     {change("(9, 5), }"+strings.Repeat(" ", 20), "(999999999999999999, 5), }   "), names, "within row 9"},
		"few names":  {array, names[:20], "name"},
		"many names": {array, append(bytes.Clone(names), "x\n"...), "more names"},
		"quotes":     {array, bytes.Replace(names, []byte(`"\"quoted"`), []byte(`"quoted`), 1), "quoted"},
		"NaN":        {append(bytes.Clone(array[:len(array)-4]), 0, 0, 0xc0, 0x7f), names, "NaN"},
	} {
		if _, err := ReadNPY(bytes.NewReader(tt.array), bytes.NewReader(tt.names)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// Whatever the bytes, what is taken is written back to the same vectors.
func FuzzNPY(f *testing.F) {
	v := &Vectors{Names: []string{"a", "\"b\n"}, Dim: 2, Data: []float32{1, 2, 3, 4}}
	var a, n bytes.Buffer
	if err := errors.Join(v.WriteNPY(&a), WriteNames(&n, v.Names)); err != nil {
		f.Fatal(err)
	}
	f.Add(a.Bytes(), n.Bytes())
	f.Add(a.Bytes()[:130], []byte("a\nb\n"))
	f.Add([]byte("\x93NUMPY\x01\x00\x03\x00(0,"), []byte{})
	f.Fuzz(func(t *testing.T, array, names []byte) {
		v, err := ReadNPY(bytes.NewReader(array), bytes.NewReader(names))
		if err != nil {
			return
		}
		b, c := npyOf(t, v)
		again, err := ReadNPY(bytes.NewReader(b), bytes.NewReader(c))
		if diff := cmp.Diff(v, again); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func FuzzJSONL(f *testing.F) {
	for _, text := range []string{
		string(AppendRecord(nil, "a\xff", "m", []float32{1, -2e-8})), `{"schema":"effnet/v1","path":"x","error":{}}`,
		"\n\n{}", `{"schema":"effnet/v1","path":"","path_b64":"","embedding":[0]}` + "\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, model, err := ReadJSONL(bytes.NewReader(data))
		if err != nil {
			return
		}
		var b []byte
		for i, name := range v.Names {
			b = append(AppendRecord(b, name, model, v.Row(i)), '\n')
		}
		again, model2, err := ReadJSONL(bytes.NewReader(b))
		if diff := cmp.Diff(v, again); diff != "" || err != nil || model2 != model && v.Len() > 0 {
			t.Error(diff, err, model, model2)
		}
	})
}
