// Package naming understands state dicts of the family: by the names of
// tensors it finds whose port they are of, by their shapes which variant.
package naming

import (
	"fmt"
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

// harmless are the ends of names that no network computes with.
var harmless = []string{".num_batches_tracked", "n_averaged"}

// Import finds scheme, variant and profile of a dict and gives its tensors
// their canonical names. With Options.Variant the shapes must be that
// variant's. Tensors that are missing, extra or misshapen are a
// *model.ParamsError by the file's own names.
func Import(d *state.Dict, o state.Options) (*state.Imported, error) {
	src, ok := locate(d)
	if !ok {
		return nil, unknown(d)
	}
	variant, err := src.variant(o.Variant)
	if err != nil {
		return nil, err
	}
	params, err := src.params(variant)
	if err != nil {
		return nil, err
	}
	prof, assumed := src.profile(variant)
	assumed = append(slices.Clone(d.Notes), assumed...)
	if len(src.others) > 0 {
		assumed = append(assumed, fmt.Sprintf("the network under %q, of several in the file", src.prefix))
	}
	return &state.Imported{
		Variant: variant.Name, Profile: prof, Params: params, Assumed: assumed, Scheme: src.scheme.name,
	}, nil
}

// unknown says what a dict without a known stem holds.
func unknown(d *state.Dict) error {
	if len(d.Tensors) == 0 {
		return state.Refuse("the file holds no tensors")
	}
	var names []string
	for _, t := range d.Tensors[:min(3, len(d.Tensors))] {
		names = append(names, state.Quote(t.Name))
	}
	return state.Refuse("no names of torchvision, timm, geffnet or efficientnet_pytorch among its %d tensors %s …: not an EfficientNet",
		len(d.Tensors), strings.Join(names, ", "))
}

// variant is what the user says, else what the shapes do.
func (s source) variant(asked string) (model.Variant, error) {
	if asked != "" {
		return model.Lookup(asked)
	}
	return s.recognise()
}

// params loads the tensors of a variant.
func (s source) params(v model.Variant) (model.Params, error) {
	list := units(v, s.scheme, s.prefix)
	known := make(map[string]bool, 5*len(list))
	expected := make([]named, 0, 5*len(list))
	var problems []string
	for _, u := range list {
		for _, n := range u.tensors(s.outputs(u)) {
			known[n.file] = true
			expected = append(expected, n)
			if p := s.problem(n); p != "" {
				problems = append(problems, p)
			}
		}
	}
	for _, t := range s.dict.Tensors {
		if !known[t.Name] && !s.ignored(t.Name) {
			problems = append(problems, fmt.Sprintf("tensor %s is not part of the network", state.Quote(t.Name)))
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("as %s: %w", v.Name, &model.ParamsError{Problems: problems})
	}
	params := make(model.Params, len(expected))
	for _, n := range expected {
		t, _ := s.dict.Lookup(n.file)
		if s.dict.Lazy {
			params[n.canonical] = model.Param{Shape: n.shape, Load: t.Load}
			continue
		}
		values, err := t.Load()
		if err != nil {
			return nil, err
		}
		params[n.canonical] = model.Param{Shape: n.shape, Data: values}
	}
	return params, nil
}

// outputs is the number of classes, of a unit that is no classifier 0.
func (s source) outputs(u unit) int {
	if !u.isClassifier() {
		return 0
	}
	t, _ := s.dict.Lookup(u.conv + ".weight")
	if len(t.Shape) == 0 {
		return 1 // missing: one output is as good as any
	}
	return max(1, t.Shape[0])
}

func (s source) problem(n named) string {
	t, ok := s.dict.Lookup(n.file)
	switch {
	case !ok:
		return fmt.Sprintf("tensor %s is missing (expected shape %v)", state.Quote(n.file), n.shape)
	case !slices.Equal(t.Shape, n.shape):
		return fmt.Sprintf("tensor %s has shape %v, expected %v", state.Quote(n.file), t.Shape, n.shape)
	}
	return ""
}

// ignored tells whether a tensor does not count: of no use to any network, or
// of another one.
func (s source) ignored(name string) bool {
	for _, end := range harmless {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	for _, prefix := range s.others {
		if prefix != "" && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	// The others' names where one of them has no prefix.
	return s.prefix != "" && slices.Contains(s.others, "") && !strings.HasPrefix(name, s.prefix)
}
