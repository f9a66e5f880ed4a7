package check

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// validator checks values against the keywords that rules.schema.json uses; any other fails.
type validator struct {
	t    *testing.T
	defs map[string]any
}

func validates(t *testing.T, text string) bool {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(RulesSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	v := validator{t, schema["$defs"].(map[string]any)}
	return v.valid(schema, value)
}

func (v validator) valid(schema map[string]any, value any) bool {
	ok := true
	for keyword, want := range schema {
		ok = v.keyword(schema, keyword, want, value) && ok
	}
	return ok
}

func (v validator) keyword(schema map[string]any, keyword string, want, value any) bool {
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	switch keyword {
	case "$schema", "$id", "$defs", "title", "description", "default":
		return true
	case "$ref":
		return v.valid(v.defs[strings.TrimPrefix(want.(string), "#/$defs/")].(map[string]any), value)
	case "type":
		return ofType(want, value)
	case "const":
		return number(value) == want
	case "enum":
		return slices.Contains(want.([]any), value)
	case "minimum":
		n, ok := number(value).(float64)
		return !ok || n >= want.(float64)
	case "maximum":
		n, ok := number(value).(float64)
		return !ok || n <= want.(float64)
	case "pattern":
		text, ok := value.(string)
		return !ok || regexp.MustCompile(want.(string)).MatchString(text)
	case "minItems":
		return !isList || float64(len(list)) >= want.(float64)
	case "items":
		return !slices.ContainsFunc(list, func(item any) bool { return !v.valid(want.(map[string]any), item) })
	case "anyOf":
		return slices.ContainsFunc(want.([]any), func(s any) bool { return v.valid(s.(map[string]any), value) })
	case "required":
		return !isObject || !slices.ContainsFunc(want.([]any), func(key any) bool { return object[key.(string)] == nil })
	case "dependentRequired":
		for key, others := range want.(map[string]any) {
			if object[key] != nil && !v.keyword(schema, "required", others, value) {
				return false
			}
		}
		return true
	case "additionalProperties", "properties":
		return v.properties(schema, object)
	}
	v.t.Fatalf("the schema has the keyword %s, which this test does not know", keyword)
	return false
}

func (v validator) properties(schema map[string]any, object map[string]any) bool {
	properties := schema["properties"].(map[string]any)
	for key, value := range object {
		s, ok := properties[key].(map[string]any)
		if !ok || !v.valid(s, value) {
			return false
		}
	}
	return true
}

func number(value any) any {
	if n, ok := value.(int); ok {
		return float64(n)
	}
	return value
}

func ofType(want, value any) bool {
	if list, ok := want.([]any); ok {
		return slices.ContainsFunc(list, func(w any) bool { return ofType(w, value) })
	}
	_, isInt := value.(int)
	f, isNumber := number(value).(float64)
	switch want {
	case "object":
		_, ok := value.(map[string]any)
		return ok
	case "array":
		_, ok := value.([]any)
		return ok
	case "string":
		_, ok := value.(string)
		return ok
	case "integer":
		return isInt
	case "number":
		return isNumber && f == f
	}
	return false
}

// The examples are valid by the schema, and the parser takes them.
func TestExamplesFollowTheSchema(t *testing.T) {
	examples := map[string]string{"good": good, "shop": shop}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		examples[file] = string(text)
	}
	for name, text := range examples {
		if !validates(t, text) {
			t.Errorf("%s does not follow the schema", name)
		}
		f, err := parseRules(name, []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := f.Compile(Rules{}, imageNet(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
