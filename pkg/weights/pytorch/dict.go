package pytorch

import (
	"fmt"

	"github.com/effnet/effnet/pkg/weights/state"
)

// containers are the keys under which checkpoints keep their network, the
// preferred first: weights averaged over the training before those of its end,
// as timm does.
var containers = []string{
	"state_dict_ema", "model_ema", "ema_state_dict", "model_ema_state_dict", "ema_model", "ema",
	"state_dict", "model", "model_state_dict", "model_state", "net", "network", "weights", "params", "module",
}

// averaged is how many of containers are averages.
const averaged = 6

// findDict finds the network's tensors in what a file holds.
func findDict(root any, lazy bool) (*state.Dict, error) {
	d, ok := root.(*dict)
	if !ok {
		if t, isTensor := root.(*tensor); isTensor {
			return nil, state.Refuse("a single tensor of shape %v, not a network", t.size)
		}
		return nil, state.Refuse("the file holds no dictionary of tensors")
	}
	f := finder{seen: map[*dict]bool{}}
	found := f.find(d)
	if found == nil {
		return nil, state.Refuse("the file holds no dictionary of tensors")
	}
	out := &state.Dict{Lazy: lazy}
	out.Arch, _ = d.get("arch").(string)
	if f.averaged != "" {
		out.Notes = []string{fmt.Sprintf("weights averaged over the training, which the file keeps under %q", f.averaged)}
	}
	found.list(out)
	return out, nil
}

// finder looks into each dict once, whatever they hold of each other.
type finder struct {
	seen     map[*dict]bool
	depth    int
	averaged string // the key of the averages that were chosen
}

// find gives the dict of tensors in d, nil where there is none.
func (f *finder) find(d *dict) *dict {
	const deepest = 8
	if f.seen[d] || f.depth == deepest {
		return nil
	}
	f.seen[d] = true
	f.depth++
	defer func() { f.depth-- }()
	for i, name := range containers {
		inner, ok := d.get(name).(*dict)
		if !ok {
			continue
		}
		if found := f.find(inner); found != nil {
			if i < averaged {
				f.averaged = name
			}
			return found
		}
	}
	if d.tensors() == 0 {
		return nil
	}
	return d
}

// tensors counts the tensors under the dict's own keys.
func (d *dict) tensors() int {
	n := 0
	for _, v := range d.values {
		if _, ok := v.(*tensor); ok {
			n++
		}
	}
	return n
}

// list adds the tensors that have a name.
func (d *dict) list(out *state.Dict) {
	for i, key := range d.keys {
		name, ok := key.(string)
		t, isTensor := d.values[i].(*tensor)
		if ok && isTensor {
			out.Tensors = append(out.Tensors, state.Tensor{
				Name: name, Shape: t.size, Load: func() ([]float32, error) { return t.load(name) },
			})
		}
	}
}
