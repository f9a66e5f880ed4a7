// Package state is what the readers of foreign weight files have in common:
// tensors by the names of a file, before anyone knows what they mean, and a
// network of the family once that is known.
package state

import (
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// Tensor is one tensor of a file.
type Tensor struct {
	Name  string
	Shape []int // outermost first; empty for a scalar
	// Load converts the values to float32, row-major, one for each element of
	// Shape. It is called at most once, unless Dict.Lazy is set; the result may
	// share the file's bytes and must not be written to.
	Load func() ([]float32, error)
}

// Len is the number of elements.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Dict is the tensors of a file in its order.
type Dict struct {
	Tensors []Tensor
	// Notes are choices that a reader had to make, a line each, such as
	// "tensors of \"state_dict_ema\"". They end in Imported.Assumed.
	Notes []string
	// Lazy says that Load reads from the file, so that values are best loaded
	// where they are used. It may then be called by several goroutines, and
	// again.
	Lazy bool
	// Arch is what the file calls its network, such as "tf_efficientnet_b0";
	// mostly empty.
	Arch string

	byName map[string]int
}

// Lookup finds a tensor by its name; of several the first. Tensors must not
// change after the first call.
func (d *Dict) Lookup(name string) (Tensor, bool) {
	if d.byName == nil {
		d.byName = make(map[string]int, len(d.Tensors))
		for i, t := range d.Tensors {
			if _, taken := d.byName[t.Name]; !taken {
				d.byName[t.Name] = i
			}
		}
	}
	i, ok := d.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return d.Tensors[i], true
}

// Options is what the user says of a file.
type Options struct {
	Variant string // a variant's name, "" where the file decides
}

// Imported is a network of the family read from a foreign file.
type Imported struct {
	Variant string // canonical name ("efficientnet-b2"), "" where undecided
	Profile profile.Profile
	Params  model.Params // canonical names, PyTorch's layout
	Labels  []string     // the file's own label names, or nil
	Assumed []string     // what a default decided, a line each: "padding symmetric"
	// Scheme is whose names the file has: "torchvision", "timm",
	// "efficientnet_pytorch", "geffnet", "keras", "qubvel", "onnx".
	Scheme string
}
