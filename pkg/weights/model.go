// Package weights turns weight files into a network's named parameters and
// its profile. A file is hostile until proven otherwise: every size is checked
// against the bytes that are there before anything is allocated.
package weights

import (
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/state"
)

// Format is the value of the metadata key "format" in this project's own
// model files: safetensors with the metadata keys of Model, the parameters
// under their canonical names and the goldens.
const Format = "effnet/model/v1"

// Keys of the metadata of a model file.
const (
	keyFormat      = "format"
	keyName        = "name"
	keyVariant     = "variant"
	keyProfile     = "profile"
	keyLabels      = "labels"
	keySource      = "source"
	keyLicense     = "license"
	keyTemperature = "temperature"
)

// Model is what a weight file holds.
type Model struct {
	Name    string // full name, such as "efficientnet-lite0"
	Variant string // a name of the architecture table
	Profile profile.Profile
	Labels  []Label // in the order of the outputs; nil where the file has none
	Params  model.Params
	Goldens []Golden
	Source  string // package, version, file and its SHA-256
	License string // SPDX expression

	// Temperature is what logits are divided by before the softmax, so that
	// probabilities are as often right as they say (Guo et al., 2017); 0 stands
	// for 1.
	Temperature float64

	// Of a foreign file: whose names it has ("torchvision", "timm", …; empty in
	// effnet's own), and a line for each thing that it does not tell and a
	// default decided.
	Scheme  string
	Assumed []string
}

// Golden is an input of the model and what the reference implementation
// computes from it.
type Golden struct {
	Pixels []byte    // [resolution·resolution·3] RGB, cropped and resized
	Logits []float32 // [classes]
}

// Classes is the number of the model's outputs, 0 where the parameters lack a
// classifier.
func (m *Model) Classes() int {
	p := m.Params[classifier]
	if len(p.Shape) == 0 {
		return 0
	}
	return p.Shape[0]
}

// Error says in one lower-case line why a weight file was refused.
type Error = state.Error

func refuse(format string, args ...any) error { return state.Refuse(format, args...) }
