package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
)

const (
	maxTemplated = 1 << 20 // bytes of one record
	maxSteps     = 1 << 16 // rounds of loops and calls of templates in one record
)

// Template is how a person wants to see a record, in the language of text/template.
type Template struct {
	text  *template.Template
	steps int
	ended bool // the text ends its own lines
}

// ParseTemplate reads what --format-string says. In the text outside of {{ }} the
// escapes \t, \n, \r, \0 and \\ stand for what they do in C. A template that fails on a
// classified picture or on a failed input is an error.
func ParseTemplate(text string) (*Template, error) {
	t := &Template{}
	functions := templateFunctions()
	functions["step"] = t.step
	parsed, err := template.New("format").Funcs(functions).Parse(text)
	if err != nil {
		return nil, templateError(err)
	}
	for _, one := range parsed.Templates() {
		if one.Tree == nil || one.Root == nil {
			continue
		}
		if err := t.prepare(one.Root); err != nil {
			return nil, err
		}
		one.Root.Nodes = append([]parse.Node{stepNode()}, one.Root.Nodes...)
	}
	t.text = parsed
	t.ended = endsLine(parsed.Root)
	for _, r := range samples() {
		if _, err := t.record(&r, &Style{Model: "efficientnet-lite0", Precision: "f32"}); err != nil && !errors.Is(err, errLongRecord) {
			return nil, err
		}
	}
	return t, nil
}

// templateError drops what text/template says before the reason: the name and the line
// of a template that is one line without a name.
func templateError(err error) error {
	text := strings.TrimPrefix(err.Error(), "template: ")
	text = strings.TrimPrefix(text, "format:")
	if _, missing, found := strings.Cut(text, "can't evaluate field "); found {
		field, of, _ := strings.Cut(missing, " in type ")
		if names := fieldNames(of); names != "" {
			return fmt.Errorf("no field %s; there are %s", field, names)
		}
		return fmt.Errorf("no field %s here", field)
	}
	return errors.New(strings.ReplaceAll(text, "\n", " "))
}

// prepare resolves the escapes of all text below n and makes its loops count their rounds.
func (t *Template) prepare(n parse.Node) (err error) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, one := range n.Nodes {
			if err := t.prepare(one); err != nil {
				return err
			}
		}
	case *parse.TextNode:
		n.Text, err = unescape(n.Text)
	case *parse.IfNode:
		return t.prepareBoth(n.List, n.ElseList)
	case *parse.WithNode:
		return t.prepareBoth(n.List, n.ElseList)
	case *parse.RangeNode:
		if err := t.prepareBoth(n.List, n.ElseList); err != nil {
			return err
		}
		n.List.Nodes = append([]parse.Node{stepNode()}, n.List.Nodes...)
	}
	return err
}

func (t *Template) prepareBoth(list, other *parse.ListNode) error {
	if err := t.prepare(list); err != nil {
		return err
	}
	return t.prepare(other)
}

// stepNode is {{step}}.
func stepNode() parse.Node {
	trees, err := parse.Parse("step", "{{step}}", "", "", map[string]any{"step": func() {}})
	if err != nil {
		panic(err)
	}
	return trees["step"].Root.Nodes[0]
}

// step ends what would never end.
func (t *Template) step() (string, error) {
	if t.steps++; t.steps > maxSteps {
		return "", fmt.Errorf("more than %d rounds of loops", maxSteps)
	}
	return "", nil
}

func unescape(text []byte) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		if i++; i == len(text) {
			return nil, errors.New(`a backslash without a letter; \\ stands for itself`)
		}
		at := strings.IndexByte(`tnr0\`, text[i])
		if at < 0 {
			return nil, fmt.Errorf(`unknown escape %s; there are \t, \n, \r, \0 and \\`, Escape(`\`+string(text[i:i+1])))
		}
		out = append(out, "\t\n\r\x00\\"[at])
	}
	return out, nil
}

// endsLine tells whether text is the last of the template and ends in newline or NUL.
func endsLine(root *parse.ListNode) bool {
	if root == nil || len(root.Nodes) == 0 {
		return false
	}
	last, ok := root.Nodes[len(root.Nodes)-1].(*parse.TextNode)
	return ok && len(last.Text) > 0 && strings.IndexByte("\n\x00", last.Text[len(last.Text)-1]) >= 0
}

var errLongRecord = fmt.Errorf("a record of more than %d bytes", maxTemplated)

// record gives the text of one record, with the end of its line.
func (t *Template) record(r *Record, s *Style) ([]byte, error) {
	var b limited
	t.steps = 0
	if err := t.text.Execute(&b, fieldsOf(r, s)); err != nil {
		if b.over {
			return nil, errLongRecord
		}
		return nil, templateError(err)
	}
	if !t.ended {
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

type limited struct {
	bytes.Buffer
	over bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxTemplated {
		l.over = true
		return 0, errLongRecord
	}
	return l.Buffer.Write(p)
}

// samples are a picture that passed, one that failed, and an input that could not be read.
func samples() []Record {
	r := &classify.Result{Format: "jpeg", Width: 640, Height: 480}
	for i := range 100 {
		r.Predictions = append(r.Predictions, classify.Prediction{Rank: i + 1, Index: i, WNID: "n01440764", Label: "tench", Probability: 0.01})
	}
	results := []check.Result{{Rule: check.Expect, Want: "tench", Got: "tench", Passed: true}, {Rule: check.MinProb, Want: "0.5", Got: "0.01"}}
	damaged := *r
	damaged.Damaged = true
	return []Record{
		{Path: "dog.jpg", Result: r},
		{Path: "dog.jpg", Result: r, Check: &check.Verdict{Passed: true, Results: results[:1]}},
		{Path: "dog.jpg", Result: &damaged, Check: &check.Verdict{Results: results}},
		{Path: "dog.jpg", Result: &classify.Result{Format: "png", Width: 1, Height: 1}},
		{Path: "dog.jpg", Err: &classify.Error{Kind: classify.KindDecode, Err: errors.New("truncated JPEG")}},
	}
}

// templated writes what a Template makes of each record.
type templated struct {
	t     *Template
	w     io.Writer
	style Style
}

// NewTemplated returns a writer whose records look as t says.
func NewTemplated(t *Template, w io.Writer, s Style) Writer { return &templated{t, w, s} }

func (t *templated) Write(r Record) error {
	text, err := t.t.record(&r, &t.style)
	if err != nil {
		return fmt.Errorf("--format-string: %w", err)
	}
	_, err = t.w.Write(text)
	return err
}

func (t *templated) Close() error { return nil }
