package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Param is one named tensor of a network, float32 in PyTorch's layout:
// convolutions [out, in, k, k], depthwise [channels, 1, k, k], linear
// [out, in], everything else a vector.
type Param struct {
	Shape []int
	Data  []float32
	// Load gives the values where Data is nil, of a file that is read tensor by
	// tensor. It may be called several times, by several goroutines.
	Load func() ([]float32, error)
}

// Values gives the parameter's values, which must not be modified.
func (p Param) Values() ([]float32, error) {
	if p.Load == nil {
		return p.Data, nil
	}
	return p.Load()
}

// Params holds a network's tensors by their canonical names, such as
// "stages.2.1.depthwise.conv.weight".
type Params map[string]Param

// ParamSpec says what a variant expects of one tensor. FanIn is the number of
// inputs that one output sums over; 1 for vectors.
type ParamSpec struct {
	Name  string
	Shape []int
	FanIn int
}

// Len is the number of values that the spec asks for.
func (s ParamSpec) Len() int {
	n := 1
	for _, d := range s.Shape {
		n *= d
	}
	return n
}

// ParamsError lists what is wrong with a set of parameters, a line a tensor.
type ParamsError struct {
	Problems []string
}

// Error names the first few problems and counts the rest.
func (e *ParamsError) Error() string {
	const most = 3
	shown := e.Problems[:min(most, len(e.Problems))]
	text := strings.Join(shown, "; ")
	if n := len(e.Problems) - len(shown); n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return text
}

// classes is the number of outputs that the classifier's weights have, 1 where
// they do not say.
func (params Params) classes() int {
	if c, ok := params["classifier.weight"]; ok && len(c.Shape) > 0 && c.Shape[0] > 0 {
		return c.Shape[0]
	}
	return 1
}

// check holds params to specs: nothing missing, every shape as expected, every
// value finite, no variance negative, and no name that is not among allowed.
// Values that are still to be loaded are left to compiler.values.
func (params Params) check(specs, allowed []ParamSpec) error {
	known := make(map[string]bool, len(allowed))
	for _, spec := range allowed {
		known[spec.Name] = true
	}
	problems := make([]string, len(specs))
	var work []func()
	for i, spec := range specs {
		work = append(work, func() { problems[i] = params.problem(spec) })
	}
	parallel(work)
	problems = slices.DeleteFunc(problems, func(p string) bool { return p == "" })
	var extra []string
	for name := range params {
		if !known[name] {
			extra = append(extra, fmt.Sprintf("tensor %q is not part of the network", name))
		}
	}
	slices.Sort(extra)
	if problems = append(problems, extra...); len(problems) > 0 {
		return &ParamsError{Problems: problems}
	}
	return nil
}

func (params Params) problem(spec ParamSpec) string {
	p, ok := params[spec.Name]
	switch {
	case !ok:
		return fmt.Sprintf("tensor %q is missing (expected shape %v)", spec.Name, spec.Shape)
	case !slices.Equal(p.Shape, spec.Shape):
		return fmt.Sprintf("tensor %q has shape %v, expected %v", spec.Name, p.Shape, spec.Shape)
	case p.Load != nil:
		return ""
	}
	return badValues(spec.Name, p.Data, spec.Len())
}

// badValues says what is wrong with a tensor's n values, "" where nothing is.
func badValues(name string, values []float32, n int) string {
	switch {
	case len(values) != n:
		return fmt.Sprintf("tensor %q has %d values, expected %d", name, len(values), n)
	case !finite(values):
		return fmt.Sprintf("tensor %q holds NaN or Inf", name)
	case strings.HasSuffix(name, ".variance") && slices.Min(values) < 0:
		return fmt.Sprintf("tensor %q holds a negative variance", name)
	}
	return ""
}

// values gives a parameter's values. Where they cannot be loaded or are not
// usable it remembers why and gives zeros.
func (c *compiler) values(name string) []float32 {
	p := c.params[name]
	if p.Load == nil {
		return p.Data
	}
	n := ParamSpec{Shape: p.Shape}.Len()
	values, err := p.Load()
	problem := ""
	if err != nil {
		problem = fmt.Sprintf("tensor %q: %v", name, err)
	} else {
		problem = badValues(name, values, n)
	}
	if problem == "" {
		return values
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.problems = append(c.problems, problem)
	return make([]float32, n)
}

// finite looks at exponents alone: all ones means NaN or Inf, and one more
// carries into the sign.
func finite(values []float32) bool {
	const exponent, one = 0x7f800000, 0x00800000
	var carry uint32
	for _, v := range values {
		carry |= math.Float32bits(v)&exponent + one
	}
	return carry>>31 == 0
}
