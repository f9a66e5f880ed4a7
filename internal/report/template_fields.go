package report

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"text/template"

	"github.com/effnet/effnet/pkg/classify"
)

// fields is what a template sees of a record. Text prints with its controls escaped, so
// that no name can look like another line; compared or handed to quote and json it is as
// it is.
type fields struct {
	Path             text
	RawPath          string // with every byte as it is
	Model, Precision text
	Format           text // of the picture
	Width, Height    int
	Damaged          bool
	Top              prediction // all zero where there is none
	Predictions      []prediction
	Error, ErrorKind text // empty where the picture was classified
	Check            verdict

	record *Record
	style  *Style
}

type prediction struct {
	Rank        int      `json:"rank"`
	Index       int      `json:"index"`
	WNID        text     `json:"wnid,omitempty"`
	Label       text     `json:"label"`
	Probability sixth    `json:"probability"`
	Logit       logitNum `json:"logit"`
}

func (p prediction) String() string { return p.Label.String() }

type verdict struct {
	Passed  bool         `json:"passed"`
	Results []ruleResult `json:"rules"`
	Failed  []ruleResult `json:"-"` // the results that did not pass
}

type ruleResult struct {
	Name   text `json:"name,omitempty"`
	Rule   text `json:"rule"`
	Want   text `json:"want"`
	Got    text `json:"got"`
	Passed bool `json:"passed"`
}

func (r ruleResult) String() string { return r.Rule.String() }

type text string

func (t text) String() string { return Escape(string(t)) }

// MarshalJSON escapes the controls that a terminal obeys.
func (t text) MarshalJSON() ([]byte, error) { return appendString(nil, string(t)), nil }

// sixth is a probability, printed with six decimals.
type sixth float64

func (p sixth) String() string { return string(appendProbability(nil, float64(p))) }

// MarshalJSON gives the same six decimals.
func (p sixth) MarshalJSON() ([]byte, error) { return appendProbability(nil, float64(p)), nil }

// logitNum prints with nine significant digits.
type logitNum float32

func (l logitNum) String() string { return string(appendLogit(nil, float32(l))) }

// MarshalJSON gives the same nine digits.
func (l logitNum) MarshalJSON() ([]byte, error) { return appendLogit(nil, float32(l)), nil }

// fieldNames lists what a template can name of a type, given as text/template calls it.
func fieldNames(of string) string {
	for _, v := range []any{fields{}, prediction{}, verdict{}, ruleResult{}} {
		t := reflect.TypeOf(v)
		if t.String() != strings.TrimPrefix(of, "*") {
			continue
		}
		var names []string
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				names = append(names, t.Field(i).Name)
			}
		}
		return strings.Join(names, ", ")
	}
	return ""
}

func fieldsOf(r *Record, s *Style) *fields {
	f := &fields{Path: text(r.Path), RawPath: r.Path, Model: text(s.Model), Precision: text(s.Precision), record: r, style: s}
	if r.Err != nil {
		f.Error, f.ErrorKind = text(r.Err.Error()), text(r.Err.Kind)
		return f
	}
	f.Format, f.Width, f.Height, f.Damaged = text(r.Result.Format), r.Result.Width, r.Result.Height, r.Result.Damaged
	for i := range r.Result.Predictions {
		f.Predictions = append(f.Predictions, predictionOf(&r.Result.Predictions[i]))
	}
	if len(f.Predictions) > 0 {
		f.Top = f.Predictions[0]
	}
	if r.Check != nil {
		f.Check.Passed = r.Check.Passed
		for _, one := range r.Check.Results {
			result := ruleResult{text(one.Name), text(one.Rule), text(one.Want), text(one.Got), one.Passed}
			f.Check.Results = append(f.Check.Results, result)
			if !one.Passed {
				f.Check.Failed = append(f.Check.Failed, result)
			}
		}
	}
	return f
}

func predictionOf(p *classify.Prediction) prediction {
	return prediction{p.Rank, p.Index, text(p.WNID), text(p.Label), sixth(p.Probability), logitNum(p.Logit)}
}

// templateFunctions are those beside what text/template has itself.
func templateFunctions() template.FuncMap {
	onText := func(f func(string) string) func(reflect.Value) (text, error) {
		return func(v reflect.Value) (text, error) {
			if v.Kind() != reflect.String {
				return "", fmt.Errorf("wants text, not %v", v.Kind())
			}
			return text(f(v.String())), nil
		}
	}
	return template.FuncMap{
		"upper": onText(strings.ToUpper), "lower": onText(strings.ToLower),
		"base": onText(filepath.Base), "dir": onText(filepath.Dir), "ext": onText(filepath.Ext),
		"quote": quoteShell, "percent": percent, "join": join, "json": toJSON,
	}
}

// quoteShell makes one word of a POSIX shell, whatever the text holds.
func quoteShell(v any) string {
	s := fmt.Sprint(v)
	if t, ok := v.(text); ok {
		s = string(t)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func percent(p sixth) string { return strconv.FormatFloat(100*float64(p), 'f', 1, 64) + "%" }

// join puts separator between the elements of a list, predictions by their labels and
// results by their rules.
func join(list reflect.Value, separator string) (string, error) {
	if list.Kind() != reflect.Slice {
		return "", fmt.Errorf("wants a list, not %v", list.Kind())
	}
	parts := make([]string, list.Len())
	for i := range parts {
		parts[i] = fmt.Sprint(list.Index(i).Interface())
	}
	return strings.Join(parts, separator), nil
}

// toJSON gives the record of jsonl for the whole record, else the value.
func toJSON(v any) (string, error) {
	if f, ok := v.(*fields); ok {
		return string(appendRecord(nil, *f.record, f.style)), nil
	}
	if s, ok := v.(string); ok {
		return string(appendString(nil, s)), nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}
