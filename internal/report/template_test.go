package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/classify"
)

func templatedText(t *testing.T, text string, s Style, records ...Record) string {
	t.Helper()
	parsed, err := ParseTemplate(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	s.Model, s.Precision, s.Template = "efficientnet-lite0", "f32", parsed
	var b bytes.Buffer
	w := New(Templated, &b, s)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTemplates(t *testing.T) {
	for _, tt := range []struct {
		text   string
		record Record
		want   string
	}{
		{`{{.Path}}\t{{.Top.Label}}`, dog, "dog.jpg\tgolden retriever\n"},
		{`{{.Path}}\n`, dog, "dog.jpg\n"},
		{`{{.Path}}\0`, dog, "dog.jpg\x00"},
		{"{{.Path}}\n", dog, "dog.jpg\n"},
		{`\\{{"\t"}}\r`, dog, "\\\t\r\n"},
		{`{{/* \q */}}a{{- " b" }}`, dog, "a b\n"},
		{``, dog, "\n"},
		{`{{.Path}}`, hostile, `a,"b"\nc\x1b[31m.jpg` + "\n"},
		{`{{.RawPath}}`, hostile, hostile.Path + "\n"},
		{`{{printf "%s|%v|%q" .Path .Path .Path}}`, latin1, `caf\xe9.jpg|caf\xe9.jpg|"caf\\xe9.jpg"` + "\n"},
		{`{{.Error}}|{{.ErrorKind}}|{{.Top.Label}}|{{len .Predictions}}`, hostile, `no\nsuch "file" \x1b[2J|read||0` + "\n"},
		{`{{.Model}} {{.Precision}} {{.Format}} {{.Width}} {{.Height}} {{.Damaged}}`, damaged, "efficientnet-lite0 f32 png 1 2 true\n"},
		{`{{.Top.Probability}} {{.Top.Logit}} {{percent .Top.Probability}} {{printf "%.2f" .Top.Probability}}`, dog, "0.931245 12.3456793 93.1% 0.93\n"},
		{`{{range .Predictions}}{{.Rank}}:{{.Index}}:{{.WNID}},{{end}}`, dog, "1:207:n02099601,2:208:n02099712,10:1:,\n"},
		{`{{join .Predictions "; "}}`, dog, "golden retriever; Labrador retriever; 金魚\n"},
		{`{{if gt .Top.Probability 0.5}}sure{{else}}unsure{{end}}`, dog, "sure\n"},
		{`{{if eq .Top.Label "golden retriever"}}yes{{end}}`, dog, "yes\n"},
		{`{{upper .Top.Label}} {{lower "ÄB"}}`, dog, "GOLDEN RETRIEVER äb\n"},
		{`{{base .Path}} {{ext .Path}}`, Record{Path: "x/y.jpg", Result: none.Result}, "y.jpg .jpg\n"},
		{`{{json .Path}} {{json .Top}}`, Record{Path: "a\"\x1b", Result: dog.Result}, `"a\"\u001b" {"rank":1,"index":207,"wnid":"n02099601","label":"golden retriever","probability":0.931245,"logit":12.3456793}` + "\n"},
		{`{{json .}}`, broken, `{"schema":"effnet/v1","path":"broken.jpg","model":"efficientnet-lite0","error":{"kind":"decode","message":"truncated JPEG"}}` + "\n"},
		{`{{.Check.Passed}} {{join .Check.Failed ","}} {{range .Check.Results}}{{.Got}};{{end}}`, failed, `false expect,reject golden retriever;0.931245;\x1b[2J;` + "\n"},
		{`{{.Check.Passed}}{{len .Check.Results}}`, dog, "false0\n"},
		{`{{define "x"}}[{{.}}]{{end}}{{template "x" .Width}}`, dog, "[640]\n"},
	} {
		if got := templatedText(t, tt.text, Style{}, tt.record); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestTemplateRefusals(t *testing.T) {
	for text, want := range map[string]string{
		`{{.Path`:                               "unclosed action",
		`{{.Foo}}`:                              "no field Foo; there are Path, RawPath, Model, ",
		`{{.Top.Foo}}`:                          "no field Foo; there are Rank, Index, WNID, ",
		`{{.Error.Kind}}`:                       "no field Kind here",
		`{{if .Error}}{{.Foo}}{{end}}`:          "Foo",
		`{{if .Damaged}}{{.Foo}}{{end}}`:        "Foo",
		`{{if .Check.Failed}}{{.Foo}}{{end}}`:   "Foo",
		`{{(index .Predictions 0).Label}}`:      "out of range",
		`{{range .Predictions}}{{.Foo}}{{end}}`: "Foo",
		`{{nothing .Path}}`:                     "nothing",
		`{{upper .Width}}`:                      "wants text",
		`{{join .Path ","}}`:                    "wants a list",
		`{{range 10000000000}}{{end}}`:          "rounds",
		`{{define "x"}}{{template "x"}}{{end}}{{template "x"}}`: "rounds",
		`a\d`:        `\d`,
		`{{.Path}}\`: "backslash",
	} {
		_, err := ParseTemplate(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestTemplateIsBounded(t *testing.T) {
	parsed, err := ParseTemplate(`{{range .Width}}{{$.Path}}{{end}}`)
	if err != nil {
		t.Fatal(err)
	}
	r := Record{Path: strings.Repeat("a", 1000), Result: &classify.Result{Width: 10000}}
	if err := NewTemplated(parsed, full{}, Style{}).Write(r); !errors.Is(err, errLongRecord) {
		t.Errorf("got %v", err)
	}
	r.Result = &classify.Result{Width: 1}
	var b bytes.Buffer
	if err := NewTemplated(parsed, &b, Style{}).Write(r); err != nil || b.Len() != 1001 {
		t.Errorf("%d bytes, %v after a record that was too long", b.Len(), err)
	}
}
