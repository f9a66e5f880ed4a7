package train

import (
	"fmt"
	"slices"

	"github.com/effnet/effnet/pkg/model"
)

// States of a Tail, an AdamW and an Average are tensors by name, for
// checkpoints: a run that is set to them goes on to the bit as if it had not
// been interrupted. Names do not clash, so one file may hold all three.

// maxCount is the largest count that a float32 holds exactly.
const maxCount = 1 << 24

// State is copies of what is trained, by the parameters' names.
func (t *Tail) State() model.Params {
	s := model.Params{}
	for _, p := range t.parameters {
		s[p.Name] = copied(p.Shape, p.Value)
	}
	return s
}

// SetState sets all parameters, and changes nothing on an error.
func (t *Tail) SetState(s model.Params) error {
	values, err := t.read(s, "")
	if err != nil {
		return err
	}
	for i, p := range t.parameters {
		copy(p.Value, values[i])
	}
	t.Changed()
	return nil
}

// State is copies of the running means and the number of steps.
func (a *AdamW) State() model.Params {
	s := model.Params{"adamw.steps": count(a.steps)}
	for i, p := range a.tail.parameters {
		s["adamw.first."+p.Name] = copied(p.Shape, a.first[i])
		s["adamw.second."+p.Name] = copied(p.Shape, a.second[i])
	}
	return s
}

// SetState goes on from a state, and changes nothing on an error.
func (a *AdamW) SetState(s model.Params) error {
	steps, err := readCount(s, "adamw.steps")
	if err != nil {
		return err
	}
	first, err := a.tail.read(s, "adamw.first.")
	if err != nil {
		return err
	}
	second, err := a.tail.read(s, "adamw.second.")
	if err != nil {
		return err
	}
	a.steps, a.first, a.second = steps, first, second
	return nil
}

// State is copies of the mean and the number of updates.
func (a *Average) State() model.Params {
	s := model.Params{"average.updates": count(a.updates)}
	for i, p := range a.tail.parameters {
		s["average.mean."+p.Name] = copied(p.Shape, a.values[i])
	}
	return s
}

// SetState goes on from a state, and changes nothing on an error.
func (a *Average) SetState(s model.Params) error {
	updates, err := readCount(s, "average.updates")
	if err != nil {
		return err
	}
	values, err := a.tail.read(s, "average.mean.")
	if err != nil {
		return err
	}
	a.updates, a.values = updates, values
	return nil
}

func copied(shape []int, values []float32) model.Param {
	return model.Param{Shape: slices.Clone(shape), Data: slices.Clone(values)}
}

func count(n int) model.Param { return model.Param{Shape: []int{1}, Data: []float32{float32(n)}} }

func readCount(s model.Params, name string) (int, error) {
	values, err := s[name].Values()
	if err != nil {
		return 0, fmt.Errorf("tensor %q: %w", name, err)
	}
	if len(values) != 1 || !(values[0] >= 0 && values[0] <= maxCount) || values[0] != float32(int(values[0])) {
		return 0, fmt.Errorf("tensor %q is no count", name)
	}
	return int(values[0]), nil
}

// read copies one tensor for every parameter, its name behind a prefix.
func (t *Tail) read(s model.Params, prefix string) ([][]float32, error) {
	var all [][]float32
	for _, p := range t.parameters {
		name := prefix + p.Name
		given, ok := s[name]
		if !ok {
			return nil, fmt.Errorf("tensor %q is missing (expected shape %v)", name, p.Shape)
		}
		values, err := given.Values()
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		if !slices.Equal(given.Shape, p.Shape) || len(values) != len(p.Value) {
			return nil, fmt.Errorf("tensor %q has shape %v, expected %v", name, given.Shape, p.Shape)
		}
		all = append(all, slices.Clone(values))
	}
	return all, nil
}
