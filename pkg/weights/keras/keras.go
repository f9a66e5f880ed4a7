// Package keras reads networks of the family that Keras saved: whole models
// and weights alone in HDF5 as Keras 2 and before write them, .weights.h5 and
// .keras of Keras 3. Layers are recognised by the names that Keras'
// applications and the package efficientnet (qubvel) give them, else by their
// class and order.
package keras

import (
	"bytes"
	"errors"

	"github.com/effnet/effnet/pkg/weights/hdf5"
	"github.com/effnet/effnet/pkg/weights/state"
)

// The names of the schemes: Keras' own applications, whose networks begin with
// their normalisation, and the package efficientnet, whose do not.
const (
	Keras  = "keras"
	Qubvel = "qubvel"
)

// Sniff tells whether data is a file of Keras: HDF5, or a zip archive with a
// model's configuration and weights.
func Sniff(data []byte) bool {
	return hdf5.Sniff(data) || bytes.HasPrefix(data, []byte(zipMagic)) && bytes.Contains(data, []byte(weightsName))
}

// Read recognises the network in a file and gives it its canonical names and
// PyTorch's layout. Nothing of data is kept. Tensors that are missing, extra or
// misshapen are a *model.ParamsError by the names of the file; whatever else is
// wrong with it is a *state.Error.
func Read(data []byte, o state.Options) (*state.Imported, error) {
	in, err := imported(data, o)
	var container *hdf5.Error
	if errors.As(err, &container) {
		err = state.Refuse("%s", err)
	}
	return in, err
}

func imported(data []byte, o state.Options) (*state.Imported, error) {
	layers, err := read(data)
	if err != nil {
		return nil, err
	}
	n, err := newNetwork(layers)
	if err != nil {
		return nil, err
	}
	return n.imported(o)
}

// read gives the layers of any of the layouts.
func read(data []byte) (*layers, error) {
	var config []byte
	if bytes.HasPrefix(data, []byte(zipMagic)) {
		var err error
		if config, data, err = unzip(data); err != nil {
			return nil, err
		}
	}
	file, err := hdf5.Open(data)
	if err != nil {
		return nil, err
	}
	root, err := file.Root()
	if err != nil {
		return nil, err
	}
	a, err := root.Attribute("model_config")
	if err != nil {
		return nil, err
	}
	if a != nil {
		text, err := a.Text()
		if err != nil {
			return nil, err
		}
		config = []byte(text)
	}
	return layout(root, config)
}

// layout tells the four layouts apart by the groups of the root.
func layout(root *hdf5.Group, config []byte) (*layers, error) {
	var tree *tree
	if config != nil {
		var err error
		if tree, err = parseConfig(config); err != nil {
			return nil, err
		}
	}
	for _, name := range storeNames {
		if ok, err := root.Has(name); err != nil {
			return nil, err
		} else if ok && !listed(root) {
			return fromStore(root, name, tree)
		}
	}
	if ok, err := root.Has("model_weights"); err != nil {
		return nil, err
	} else if ok {
		group, err := root.Group("model_weights")
		if err != nil {
			return nil, err
		}
		return fromLegacy(group, tree)
	}
	if listed(root) {
		return fromLegacy(root, tree)
	}
	return nil, state.Refuse("an HDF5 file, but not of Keras: it has neither layer_names nor a group of layers")
}

// listed tells whether a group lists its layers, as Keras 2 does.
func listed(g *hdf5.Group) bool {
	list, err := g.Attributes()
	if err != nil {
		return false
	}
	for _, a := range list {
		if a.Name == "layer_names" || a.Name == "layer_names0" {
			return true
		}
	}
	return false
}
