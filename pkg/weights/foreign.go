package weights

import (
	"io"

	"github.com/effnet/effnet/pkg/weights/naming"
	"github.com/effnet/effnet/pkg/weights/onnx"
	"github.com/effnet/effnet/pkg/weights/pytorch"
	"github.com/effnet/effnet/pkg/weights/safetensors"
	"github.com/effnet/effnet/pkg/weights/state"
)

// Options is what the user says of a file that does not tell everything.
type Options = state.Options

// foreign is a format of others that holds a network: how its files begin and
// how they are read.
type foreign struct {
	sniff func(data []byte) bool
	read  func(data []byte, o Options) (*state.Imported, error)
}

// foreigns are tried in this order, by content alone.
var foreigns = []foreign{
	{pytorch.Sniff, readPyTorch},
	{onnx.Sniff, onnx.Read},
}

func readPyTorch(data []byte, o Options) (*state.Imported, error) {
	d, err := pytorch.Parse(data)
	if err != nil {
		return nil, err
	}
	return naming.Import(d, o)
}

// ReadAt reads a file of size bytes whose format lets its tensors be read one by
// one, when they are needed: the parameters have no Data but Load, and r is in
// use as long as they are. ok is false for a file that must be read as a whole.
func ReadAt(r io.ReaderAt, size int64, o Options) (m *Model, ok bool, err error) {
	if !pytorch.SniffAt(r, size) {
		return nil, false, nil
	}
	d, err := pytorch.ParseAt(r, size)
	if err != nil {
		return nil, true, err
	}
	in, err := naming.Import(d, o)
	if err != nil {
		return nil, true, err
	}
	m, err = fromImported(in)
	return m, true, err
}

// dictOf gives the tensors of a container by their names there.
func dictOf(tensors []safetensors.Tensor) *state.Dict {
	d := &state.Dict{Tensors: make([]state.Tensor, len(tensors))}
	for i, t := range tensors {
		d.Tensors[i] = state.Tensor{Name: t.Name, Shape: t.Shape, Load: t.Float32s}
	}
	return d
}

// fromImported makes a model of what a reader of another's format found.
func fromImported(in *state.Imported) (*Model, error) {
	m := &Model{
		Name: in.Variant, Variant: in.Variant, Profile: in.Profile, Params: in.Params,
		Assumed: in.Assumed, Scheme: in.Scheme,
	}
	if err := m.Profile.Validate(); err != nil {
		return nil, refuse("%s", oneLine(err))
	}
	for i, name := range in.Labels {
		label, problem := parseLabel("\t" + name)
		if problem != "" {
			return nil, refuse("label %d %s", i, problem)
		}
		m.Labels = append(m.Labels, label)
	}
	return m, CheckLabels(m.Labels, m.Classes())
}
