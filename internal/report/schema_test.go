package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/effnet/effnet/internal/check"
)

// compile reads the schema; strictly, no field may be written that it does not describe.
func compile(t *testing.T, strictly bool) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	if strictly {
		closeObjects(document)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("records.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("records.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"]; ok {
			v["additionalProperties"] = false
		}
		for _, one := range v {
			closeObjects(one)
		}
	case []any:
		for _, one := range v {
			closeObjects(one)
		}
	}
}

func TestRecordsFollowSchema(t *testing.T) {
	s := compile(t, true)
	whole := *engine
	whole.ModelSHA256 = strings.Repeat("0a", 32)
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			if style.Engine != nil {
				style.Engine = &whole
			}
			for _, line := range bytes.Split(bytes.TrimSpace(write(t, "jsonl", style, recordsOf(style))), []byte{'\n'}) {
				if err := validate(s, line); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		})
	}
}

func validate(s *jsonschema.Schema, line []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func TestSchemaRefuses(t *testing.T) {
	s := compile(t, false)
	good := string(bytes.TrimSpace(write(t, "jsonl", Style{Check: true}, []Record{failed})))
	bad := string(bytes.TrimSpace(write(t, "jsonl", Style{}, []Record{broken})))
	for _, text := range []string{good, bad, strings.Replace(good, `{`, `{"added":1,`, 1)} {
		if err := validate(s, []byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, change := range [][3]string{
		{good, "effnet/v1", "effnet/v2"}, {good, `"rank":1`, `"rank":0`}, {good, `0.931245`, `1.5`}, {good, `0.931245`, `"0.9"`},
		{good, `"path"`, `"file"`}, {good, `"f32"`, `"f8"`}, {good, `"predictions"`, `"error"`}, {good, `"width":640`, `"width":6.5`},
		{good, `"rules"`, `"rule"`}, {bad, `"decode"`, `"weather"`}, {bad, `"message"`, `"text"`}, {bad, `{`, `{"predictions":[],`},
	} {
		text := strings.Replace(change[0], change[1], change[2], 1)
		if text == change[0] || validate(s, []byte(text)) == nil {
			t.Errorf("taken: %s", text)
		}
	}
}

// The schema's words are those of the code.
func TestSchemaNames(t *testing.T) {
	for _, rule := range check.RuleNames {
		if !strings.Contains(string(schema), rule) {
			t.Errorf("no rule %q", rule)
		}
	}
	if !strings.Contains(string(schema), fmt.Sprintf("%q", SchemaName)) {
		t.Errorf("no %s", SchemaName)
	}
	if s := Schema(); len(s) == 0 || slices.Equal(s, append(Schema(), ' ')) {
		t.Error("no schema")
	}
}
