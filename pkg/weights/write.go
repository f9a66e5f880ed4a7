package weights

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/safetensors"
)

// Write writes a model file that Read reads: the parameters in the order of
// the network, then the goldens, those of one byte an element last. The same
// model gives the same bytes.
func Write(w io.Writer, m *Model) error {
	variant, err := model.Lookup(m.Variant)
	if err != nil {
		return err
	}
	prof, err := json.Marshal(m.Profile)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	meta := map[string]string{
		keyFormat: Format, keyName: m.Name, keyVariant: m.Variant, keyProfile: string(prof),
		keySource: m.Source, keyLicense: m.License,
	}
	if err := CheckTemperature(m.Temperature); err != nil {
		return err
	}
	if m.Temperature != 0 {
		meta[keyTemperature] = strconv.FormatFloat(m.Temperature, 'g', -1, 64)
	}
	if len(m.Labels) > 0 {
		meta[keyLabels] = FormatLabels(m.Labels)
	}
	if m.Classes() == 0 {
		return fmt.Errorf("no %s", classifier)
	}
	specs := variant.ParamSpecs(m.Classes())
	tensors := make([]safetensors.Tensor, 0, len(specs)+2*len(m.Goldens))
	for _, spec := range specs {
		if p, ok := m.Params[spec.Name]; ok {
			values, err := p.Values()
			if err != nil {
				return err
			}
			tensors = append(tensors, safetensors.FromFloat32s(spec.Name, p.Shape, values))
		}
	}
	if extra := len(m.Params) - len(tensors); extra > 0 {
		return fmt.Errorf("%d parameters are not part of %s", extra, m.Variant)
	}
	var pixels []safetensors.Tensor
	for i, g := range m.Goldens {
		name := fmt.Sprintf("%s%d.", goldenPrefix, i)
		tensors = append(tensors, safetensors.FromFloat32s(name+"logits", []int{len(g.Logits)}, g.Logits))
		side := m.Profile.Resolution
		pixels = append(pixels, safetensors.Tensor{
			Name: name + "pixels", DType: safetensors.U8, Shape: []int{side, side, 3}, Bytes: g.Pixels,
		})
	}
	return safetensors.Write(w, meta, slices.Concat(tensors, pixels))
}
