package classify

import (
	"fmt"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights"
)

// Load finds the bytes of a model as Open does. full is the model's full name,
// or the file as given. Errors are as of Open.
func Load(name string, o Options) (full string, data []byte, err error) {
	if name == "" {
		name = defaultModel
	}
	return o.load(name)
}

// Weights reads a weight file as Open does, without making it ready to
// classify: its profile has the overrides of o, its labels are those of o
// where o has some. Goldens of another profile are dropped. Errors are a
// *UsageError or say why the file was refused.
func Weights(data []byte, o Options) (*weights.Model, error) {
	w, err := o.weights(data)
	if err != nil {
		return nil, err
	}
	if err := weights.CheckLabels(o.Labels, w.Classes()); err != nil {
		return nil, err
	}
	if len(o.Labels) > 0 {
		w.Labels = o.Labels
	}
	return w, nil
}

// weights reads a file and applies what o says of variant and profile.
func (o *Options) weights(data []byte) (*weights.Model, error) {
	return o.apply(weights.ReadAs(data, weights.Options{Variant: o.Variant}))
}

// apply puts what o says of variant and profile over what was read.
func (o *Options) apply(w *weights.Model, err error) (*weights.Model, error) {
	if err != nil {
		return nil, err
	}
	variant, err := variantOf(w, o.Variant)
	if err != nil {
		return nil, err
	}
	w.Variant = variant.Name
	own := w.Profile
	if w.Profile, err = o.profile(own); err != nil {
		return nil, err
	}
	if w.Profile != own {
		w.Goldens = nil
	}
	return w, nil
}

// variantOf is the file's variant, which the option may only repeat.
func variantOf(w *weights.Model, option string) (model.Variant, error) {
	variant, err := model.Lookup(w.Variant)
	if err != nil || option == "" {
		return variant, err
	}
	asked, err := model.Lookup(option)
	switch {
	case err != nil:
		return variant, nameError(fmt.Sprintf("unknown variant %q", option), err)
	case asked.Name != variant.Name:
		return variant, fmt.Errorf("variant %s was asked for, the file says %s", asked.Name, variant.Name)
	}
	return variant, nil
}

// ImageNetLabels are the names of ImageNet's 1,000 classes in their order.
func ImageNetLabels() ([]weights.Label, error) { return imageNetLabels() }
