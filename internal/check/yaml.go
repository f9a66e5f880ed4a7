package check

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/effnet/effnet/internal/near"
	"github.com/effnet/effnet/pkg/classify"
)

//go:embed rules.schema.json
var rulesSchema []byte

// RulesSchema is the JSON Schema (draft 2020-12) of rules files.
func RulesSchema() []byte { return bytes.Clone(rulesSchema) }

// document parses the one document that data must be. Nodes are not expanded,
// so that its size bounds theirs.
func document(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var n, second yaml.Node
	if err := d.Decode(&n); err == io.EOF {
		return nil, errors.New("has no rules")
	} else if err != nil {
		return nil, yamlError(err)
	}
	if err := d.Decode(&second); err == nil {
		return nil, at(&second, "a second document")
	} else if err != io.EOF {
		return nil, yamlError(err)
	}
	if len(n.Content) == 0 {
		return nil, errors.New("has no rules")
	}
	return n.Content[0], nil
}

// yamlError makes the parser's message one line of ours.
func yamlError(err error) error {
	return errors.New(strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", "; "))
}

func at(n *yaml.Node, format string, a ...any) error {
	return &lineError{n.Line, fmt.Errorf(format, a...)}
}

// read reads the whole file; patterns are relative to folder.
func (f *RulesFile) read(root *yaml.Node, folder string) error {
	version := 0
	err := mapping(root, "the file", map[string]func(*yaml.Node) error{
		"version":   func(n *yaml.Node) error { return intoInt(n, &version) },
		"match":     func(n *yaml.Node) error { return intoWord(n, &f.every, "first", "all") },
		"unmatched": func(n *yaml.Node) error { return intoWord(n, &f.lenient, "fail", "pass") },
		"rules":     func(n *yaml.Node) error { return f.readEntries(n, folder) },
	})
	switch {
	case err != nil:
		return err
	case version != 1:
		return at(root, `"version: 1" is missing: no other version is known`)
	case len(f.entries) == 0:
		return at(root, "has no rules")
	}
	return nil
}

func (f *RulesFile) readEntries(n *yaml.Node, folder string) error {
	if n.Kind != yaml.SequenceNode {
		return at(n, "rules must be a list")
	}
	for i, item := range n.Content {
		e := entry{name: fmt.Sprintf("rule %d", i+1), line: item.Line}
		if err := e.read(item, folder); err != nil {
			return err
		}
		f.entries = append(f.entries, e)
	}
	return nil
}

func (e *entry) read(n *yaml.Node, folder string) error {
	err := mapping(n, "a rule", map[string]func(*yaml.Node) error{
		"name": func(n *yaml.Node) error { return intoText(n, &e.name) },
		"files": func(n *yaml.Node) error {
			return each(n, func(n *yaml.Node, text string) error {
				p, err := newPattern(text, folder)
				if err != nil {
					return &lineError{n.Line, err}
				}
				e.patterns = append(e.patterns, p)
				return nil
			})
		},
		"expect":      func(n *yaml.Node) error { return intoLabels(n, &e.rules.Expect) },
		"expect-topk": func(n *yaml.Node) error { return intoCount(n, &e.rules.TopK) },
		"min-prob":    func(n *yaml.Node) error { return intoShare(n, &e.rules.MinProb) },
		"reject":      func(n *yaml.Node) error { return intoLabels(n, &e.rules.Reject) },
		"min-margin":  func(n *yaml.Node) error { return intoShare(n, &e.rules.MinMargin) },
	})
	r := &e.rules
	switch {
	case err != nil:
		return err
	case e.patterns == nil:
		return at(n, "%s has no files", e.name)
	case r.Expect == nil && r.Reject == nil && r.MinProb == nil && r.MinMargin == nil:
		return at(n, "%s asks for nothing", e.name)
	case r.TopK != nil && r.Expect == nil:
		return at(n, "%s has expect-topk without expect", e.name)
	}
	return nil
}

// mapping hands the value of each key to its reader; other keys are refused.
func mapping(n *yaml.Node, what string, readers map[string]func(*yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "%s must be a mapping", what)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := readers[key.Value]
		if !ok || key.Kind != yaml.ScalarNode {
			known := slices.Sorted(maps.Keys(readers))
			return &lineError{key.Line, &classify.UsageError{
				Msg: fmt.Sprintf("unknown key %q", key.Value), Near: near.Names(key.Value, known),
			}}
		}
		if seen[key.Value] {
			return at(key, "%s is there twice", key.Value)
		}
		seen[key.Value] = true
		if value.Kind == yaml.AliasNode {
			return at(value, "an alias: aliases are not read")
		}
		if err := read(value); err != nil {
			return err
		}
	}
	return nil
}

// each calls f for a text, or for each of a list of texts, which must not be empty.
func each(n *yaml.Node, f func(n *yaml.Node, text string) error) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) == 0 {
		return at(n, "an empty list")
	}
	for _, item := range items {
		var text string
		if err := intoText(item, &text); err != nil {
			return err
		}
		if err := f(item, text); err != nil {
			return err
		}
	}
	return nil
}

// intoText takes a whole number for its digits: it may be the index of a class.
func intoText(n *yaml.Node, text *string) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" && n.ShortTag() != "!!int" || strings.TrimSpace(n.Value) == "" {
		return at(n, "%s is not a text", shown(n))
	}
	*text = n.Value
	return nil
}

func intoLabels(n *yaml.Node, labels *[]string) error {
	return each(n, func(_ *yaml.Node, text string) error {
		*labels = append(*labels, text)
		return nil
	})
}

func intoInt(n *yaml.Node, value *int) error {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil {
		return at(n, "%s is not a whole number", shown(n))
	}
	*value = v
	return nil
}

func intoCount(n *yaml.Node, value **int) error {
	*value = new(int)
	if err := intoInt(n, *value); err != nil {
		return err
	}
	if **value < 1 {
		return at(n, "%s is not at least 1", shown(n))
	}
	return nil
}

func intoShare(n *yaml.Node, value **float64) error {
	v, err := strconv.ParseFloat(n.Value, 64)
	number := n.ShortTag() == "!!int" || n.ShortTag() == "!!float"
	if n.Kind != yaml.ScalarNode || !number || err != nil || !share(v) {
		return at(n, "%s is not a number from 0 to 1", shown(n))
	}
	*value = &v
	return nil
}

// intoWord sets value where the text is the second of two words.
func intoWord(n *yaml.Node, value *bool, no, yes string) error {
	if n.Kind != yaml.ScalarNode || n.Value != no && n.Value != yes {
		return at(n, "%s is neither %s nor %s", shown(n), no, yes)
	}
	*value = n.Value == yes
	return nil
}

func shown(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		return "this"
	}
	return strconv.Quote(n.Value)
}
