package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/safetensors"
)

// A checkpoint is a safetensors file of float32 tensors: the trained parameters
// by their names, and the states of AdamW, of the mean and of the best weights
// with theirs before. The metadata has checkpointFormat, the recipe that the
// run follows, and progress as JSON.
const (
	checkpointFormat = "effnet/checkpoint/v1"
	keyFormat        = "format"
	keyRecipe        = "recipe"
	keyProgress      = "progress"
)

// checkpoint is the content of such a file. One that was read has all tensors
// in one section.
type checkpoint struct {
	recipe   string
	progress progress
	sections []model.Params
}

// write writes the sections in their order, tensors by name.
func (c *checkpoint) write(w io.Writer) error {
	progress, err := json.Marshal(c.progress)
	if err != nil {
		return err
	}
	var tensors []safetensors.Tensor
	for _, s := range c.sections {
		for _, name := range slices.Sorted(maps.Keys(s)) {
			tensors = append(tensors, safetensors.FromFloat32s(name, s[name].Shape, s[name].Data))
		}
	}
	meta := map[string]string{keyFormat: checkpointFormat, keyRecipe: c.recipe, keyProgress: string(progress)}
	return safetensors.Write(w, meta, tensors)
}

// parseCheckpoint reads what write wrote. Tensors are finite, but whether they
// fit is for whoever takes them.
func parseCheckpoint(data []byte) (*checkpoint, error) {
	f, err := safetensors.Parse(data)
	if err != nil {
		return nil, err
	}
	if f.Metadata[keyFormat] != checkpointFormat {
		return nil, errors.New("is no checkpoint")
	}
	c := &checkpoint{recipe: f.Metadata[keyRecipe]}
	if err := json.Unmarshal([]byte(f.Metadata[keyProgress]), &c.progress); err != nil {
		return nil, errors.New("its progress is damaged")
	}
	tensors := model.Params{}
	for _, t := range f.Tensors() {
		if t.DType != safetensors.F32 {
			return nil, fmt.Errorf("tensor %q is %s, not F32", t.Name, t.DType)
		}
		values, err := t.Float32s()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(values, func(v float32) bool { return v-v != 0 }) {
			return nil, fmt.Errorf("tensor %q holds NaN or Inf", t.Name)
		}
		tensors[t.Name] = model.Param{Shape: t.Shape, Data: values}
	}
	c.sections = []model.Params{tensors}
	return c, nil
}

// checkpointLimit is above the size of a file with these tensors.
func checkpointLimit(sections []model.Params) int64 {
	const header = 64 << 20 // epochs and names
	values := 0
	for _, s := range sections {
		for _, p := range s {
			values += len(p.Data)
		}
	}
	return header + 4*int64(values)
}

// sameRecipe names what differs.
func sameRecipe(got, want string) error {
	if got == want {
		return nil
	}
	lines := map[string]string{}
	for line := range strings.Lines(got) {
		name, value, _ := strings.Cut(line, "\t")
		lines[name] = value
	}
	var other []string
	for line := range strings.Lines(want) {
		name, value, _ := strings.Cut(line, "\t")
		if lines[name] != value {
			other = append(other, name)
		}
	}
	if other == nil {
		other = []string{"format"}
	}
	return fmt.Errorf("it is of another run, which differs in: %s", strings.Join(other, ", "))
}

// check holds progress to the options of the run.
func (p *progress) check(epochs, batches int) error {
	ok := p.Epoch >= 0 && p.Epoch <= epochs && p.Batch >= 0 && p.Batch <= batches && len(p.History) == p.Epoch &&
		p.Best >= 0 && p.Best <= p.Epoch && p.Start.valid() && p.Running.score().valid()
	for _, e := range p.History {
		ok = ok && e.Training.valid() && e.Validation.valid()
	}
	if !ok {
		return errors.New("its progress is damaged")
	}
	return nil
}

func (s Score) valid() bool {
	return s.Pictures >= 0 && s.Accuracy >= 0 && s.Accuracy <= 1 && s.Loss >= 0 && !math.IsInf(s.Loss, 1)
}
