// Package profile describes what belongs to a set of weights rather than to
// the architecture: padding, batch-norm epsilon, normalisation, crop,
// interpolation and resolution.
package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Padding is how a convolution with a stride pads its input.
type Padding string

// The two conventions: TensorFlow's asymmetric "SAME" and PyTorch's k/2 on
// each side.
const (
	Same      Padding = "same"
	Symmetric Padding = "symmetric"
)

// Interpolation is the filter that resizes the crop to the resolution; without
// a suffix as Pillow defines it (antialiased, a = -0.5 for bicubic, three lobes
// for lanczos).
type Interpolation string

// The filters that a profile may name.
const (
	Bicubic  Interpolation = "bicubic"
	Bilinear Interpolation = "bilinear"
	Lanczos  Interpolation = "lanczos"
	Nearest  Interpolation = "nearest"
	// TensorFlow's, which does not widen when it shrinks: of tf.image.resize
	// (half-pixel centres, a = -0.5), and of TensorFlow 1's resize_bicubic
	// (corners, a = -0.75).
	BicubicTF2 Interpolation = "bicubic-tf2"
	BicubicTF1 Interpolation = "bicubic-tf1"
)

// The range of a resolution, in pixels.
const (
	MinResolution = 32
	MaxResolution = 4096
)

// Profile is how a picture must be prepared for a set of weights and how their
// convolutions pad. The zero value is not valid.
type Profile struct {
	Padding       Padding       `json:"padding"`
	BNEps         float64       `json:"bn_eps"`
	Mean          [3]float64    `json:"mean"` // RGB, units of 0..1
	Std           [3]float64    `json:"std"`  // RGB, units of 0..1
	Crop          float64       `json:"crop"` // fraction of the short side, 0 < crop ≤ 1
	Interpolation Interpolation `json:"interpolation"`
	Resolution    int           `json:"resolution"` // side of the square input, pixels
}

// ImageNet is the profile that torchvision documents for its EfficientNet
// weights: symmetric padding, epsilon 1e-5, ImageNet mean and deviation,
// bicubic, a crop of 0.875.
func ImageNet(resolution int) Profile {
	return Profile{
		Padding:       Symmetric,
		BNEps:         1e-5,
		Mean:          [3]float64{0.485, 0.456, 0.406},
		Std:           [3]float64{0.229, 0.224, 0.225},
		Crop:          0.875,
		Interpolation: Bicubic,
		Resolution:    resolution,
	}
}

// Validate reports the first field that no model can be run with; the error
// names the key and the value.
func (p Profile) Validate() error {
	for _, k := range keys {
		if err := k.check(&p); err != nil {
			return fmt.Errorf("profile: %s: %w", k.name, err)
		}
	}
	return nil
}

// Unmarshal reads the JSON object that a model file carries. Every key must be
// there, none may be unknown, and the result is valid.
func Unmarshal(data []byte) (Profile, error) {
	var present map[string]json.RawMessage
	if err := json.Unmarshal(data, &present); err != nil {
		return Profile{}, fmt.Errorf("profile: %w", err)
	}
	for _, k := range keys {
		raw, ok := present[k.name]
		if !ok {
			return Profile{}, fmt.Errorf("profile: %s is missing", k.name)
		}
		if err := checkValue(raw); err != nil {
			return Profile{}, fmt.Errorf("profile: %s: %w", k.name, err)
		}
	}
	var p Profile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return Profile{}, fmt.Errorf("profile: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Profile{}, errors.New("profile: data after the object")
	}
	return p, p.Validate()
}

// checkValue refuses what encoding/json takes for zeros: null, and an array that is
// not three numbers.
func checkValue(raw json.RawMessage) error {
	if string(raw) == "null" {
		return errors.New("null is no value")
	}
	if raw[0] != '[' {
		return nil
	}
	var values []*float64
	if err := json.Unmarshal(raw, &values); err != nil {
		return err
	}
	if len(values) != 3 {
		return fmt.Errorf("%d numbers, want 3", len(values))
	}
	if slices.Contains(values, nil) {
		return errors.New("null is no number")
	}
	return nil
}

func checkFinite(v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%v is not a finite number", v)
	}
	return nil
}

func checkWord[T ~string](v T, known ...T) error {
	if !slices.Contains(known, v) {
		return fmt.Errorf("%q is none of %v", v, known)
	}
	return nil
}
