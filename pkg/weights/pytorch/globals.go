package pytorch

import (
	"strings"

	"github.com/effnet/effnet/pkg/weights/safetensors"
	"github.com/effnet/effnet/pkg/weights/state"
)

// global is a name that a pickle may use: what REDUCE or NEWOBJ make of it.
// Nothing of Python runs; make is Go code that builds one of this package's
// own values.
type global struct {
	name string
	make func(args tuple) (any, error) // nil: the name is only passed on
	elem *element                      // of a storage's class
}

// element is the type of a storage's elements.
type element struct {
	dtype safetensors.DType // empty where nothing converts it
	size  int
}

// globals is all that a pickle may name.
var globals = func() map[string]*global {
	g := map[string]*global{
		"collections.OrderedDict":         {make: makeDict},
		"torch._utils._rebuild_tensor":    {make: makeTensor},
		"torch._utils._rebuild_tensor_v2": {make: makeTensor},
		"torch._utils._rebuild_parameter": {make: makeParameter},
		"torch.nn.parameter.Parameter":    {make: makeParameter},
		"torch.Size":                      {make: makeSize},
		"argparse.Namespace":              {make: makeOpaque("argparse.Namespace")},
		"torch.device":                    {make: makeOpaque("torch.device")},
	}
	for class, e := range map[string]element{
		"FloatStorage": {safetensors.F32, 4}, "DoubleStorage": {safetensors.F64, 8},
		"HalfStorage": {safetensors.F16, 2}, "BFloat16Storage": {safetensors.BF16, 2},
		"LongStorage": {size: 8}, "IntStorage": {size: 4}, "ShortStorage": {size: 2},
		"CharStorage": {size: 1}, "ByteStorage": {size: 1}, "BoolStorage": {size: 1},
		"ComplexFloatStorage": {size: 8}, "ComplexDoubleStorage": {size: 16},
	} {
		g["torch."+class] = &global{elem: &e}
		g["torch.cuda."+class] = &global{elem: &e}
	}
	for name := range g {
		g[name].name = name
	}
	return g
}()

// findGlobal gives what a pickle names, refusing by name all else.
func findGlobal(module, name string) (*global, error) {
	full := module + "." + name
	if g, ok := globals[full]; ok {
		return g, nil
	}
	hint := ""
	if strings.Contains(module, ".nn.") || strings.Contains(module, "models") || module == "__main__" {
		hint = "; of a whole model save the state_dict()"
	}
	return nil, state.Refuse("the pickle names %s, which weights have no need of: refused, nothing was called%s", state.Quote(full), hint)
}

// makeDict is OrderedDict(), or OrderedDict(pairs) as Python 2 wrote it.
func makeDict(args tuple) (any, error) {
	d := newDict()
	if len(args) == 0 {
		return d, nil
	}
	pairs, ok := args[0].(*list)
	if !ok || len(args) > 1 {
		return nil, malformed("OrderedDict of something other than a list of pairs")
	}
	for _, p := range pairs.items {
		pair := sequence(p)
		if len(pair) != 2 {
			return nil, malformed("OrderedDict of something other than a list of pairs")
		}
		d.set(pair[0], pair[1])
	}
	return d, nil
}

// sequence is the items of a list or tuple, else nil.
func sequence(v any) []any {
	switch v := v.(type) {
	case *list:
		return v.items
	case tuple:
		return v
	}
	return nil
}

// makeParameter is a tensor with requires_grad and hooks.
func makeParameter(args tuple) (any, error) {
	if len(args) > 0 {
		if t, ok := args[0].(*tensor); ok {
			return t, nil
		}
	}
	return nil, malformed("a parameter without a tensor")
}

func makeSize(args tuple) (any, error) {
	if len(args) != 1 {
		return nil, malformed("torch.Size without its dimensions")
	}
	return tuple(sequence(args[0])), nil
}

func makeOpaque(class string) func(tuple) (any, error) {
	return func(tuple) (any, error) { return &opaque{class}, nil }
}

func malformed(format string, args ...any) error {
	return state.Refuse("malformed pickle: "+format, args...)
}
