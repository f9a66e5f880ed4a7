package weights

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/naming"
	"github.com/effnet/effnet/pkg/weights/safetensors"
)

const (
	// ownFormats begins Format and those of later versions.
	ownFormats     = "effnet/"
	goldenPrefix   = "golden."
	classifier     = "classifier.weight"
	classifierBias = "classifier.bias"
)

// Read recognises the format of a weight file by its content and reads it:
// this project's model files, and what PyTorch and others wrote of the family.
// Parameters may share data, which must stay unmodified as long as they are in
// use. An error is one line; whether the parameters are finite is for
// model.Compile to say.
func Read(data []byte) (*Model, error) { return ReadAs(data, Options{}) }

// ReadAs is Read with what the user knows of a file.
func ReadAs(data []byte, o Options) (*Model, error) {
	if safetensors.Sniff(data) {
		file, err := safetensors.Parse(data)
		if err != nil {
			return nil, err
		}
		return readContainer(file, o)
	}
	for _, f := range foreigns {
		if f.sniff(data) {
			in, err := f.read(data, o)
			if err != nil {
				return nil, err
			}
			return fromImported(in)
		}
	}
	if what := describe(data); what != "" {
		return nil, refuse("%s", what)
	}
	_, err := safetensors.Parse(data) // says what is wrong with a container
	return nil, err
}

// readContainer reads a safetensors file: of effnet's own by its metadata,
// else by the names of its tensors.
func readContainer(file *safetensors.File, o Options) (*Model, error) {
	if file.Metadata[keyProfile] == "" && !strings.HasPrefix(file.Metadata[keyFormat], ownFormats) {
		in, err := naming.Import(dictOf(file.Tensors()), o)
		if err != nil {
			return nil, err
		}
		return fromImported(in)
	}
	m, err := fromMetadata(file.Metadata)
	if err != nil {
		return nil, err
	}
	if m.Params, err = readParams(file); err != nil {
		return nil, err
	}
	if err := CheckLabels(m.Labels, m.Classes()); err != nil {
		return nil, err
	}
	m.Goldens, err = readGoldens(file, m)
	return m, err
}

// ReadLabels reads nothing but the labels of a model file; nil where it has
// none.
func ReadLabels(data []byte) ([]Label, error) {
	file, err := safetensors.Parse(data)
	if err != nil || file.Metadata[keyLabels] == "" {
		return nil, err
	}
	return ParseLabels(file.Metadata[keyLabels])
}

// fromMetadata reads all that is not a tensor.
func fromMetadata(meta map[string]string) (*Model, error) {
	switch format, given := meta[keyFormat]; {
	case given && strings.HasPrefix(format, ownFormats) && format != Format:
		return nil, refuse("model format %q is not known to this version, which reads %q", format, Format)
	case format != Format:
		return nil, refuse("a safetensors file without effnet's own metadata: %s", missing(meta, keyFormat, keyVariant, keyProfile))
	}
	if what := missing(meta, keyName, keyVariant, keyProfile); what != "" {
		return nil, refuse("the model file's metadata is incomplete: %s", what)
	}
	m := &Model{
		Name: meta[keyName], Variant: meta[keyVariant],
		Source: meta[keySource], License: meta[keyLicense],
	}
	for _, key := range []string{keyName, keyVariant, keySource, keyLicense} {
		if !printable(meta[key]) {
			return nil, refuse("metadata %q holds control characters", key)
		}
	}
	var err error
	if m.Profile, err = profile.Unmarshal([]byte(meta[keyProfile])); err != nil {
		return nil, refuse("%s", oneLine(err))
	}
	if m.Temperature, err = parseTemperature(meta); err != nil {
		return nil, err
	}
	if text := meta[keyLabels]; text != "" {
		if m.Labels, err = ParseLabels(text); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// missing names the keys that metadata lacks, "" where it lacks none.
func missing(meta map[string]string, keys ...string) string {
	var lacks []string
	for _, key := range keys {
		if meta[key] == "" {
			lacks = append(lacks, fmt.Sprintf("%q", key))
		}
	}
	if lacks == nil {
		return ""
	}
	return "no " + strings.Join(lacks, ", ")
}

func readParams(file *safetensors.File) (model.Params, error) {
	params := make(model.Params, len(file.Tensors()))
	for _, t := range file.Tensors() {
		if strings.HasPrefix(t.Name, goldenPrefix) {
			continue
		}
		values, err := t.Float32s()
		if err != nil {
			return nil, err
		}
		params[t.Name] = model.Param{Shape: t.Shape, Data: values}
	}
	return params, checkClassifier(params)
}

// checkClassifier holds that the parameters tell one number of outputs: labels
// and goldens are measured by it.
func checkClassifier(params model.Params) error {
	weight, ok := params[classifier]
	if !ok {
		return nil
	}
	if len(weight.Shape) == 0 || len(weight.Data) == 0 {
		return refuse("tensor %q of shape %v has no outputs", classifier, weight.Shape)
	}
	bias, ok := params[classifierBias]
	if want := weight.Shape[:1]; ok && !slices.Equal(bias.Shape, want) {
		return refuse("tensor %q has shape %v, expected %v by the shape %v of %q",
			classifierBias, bias.Shape, want, weight.Shape, classifier)
	}
	return nil
}

// readGoldens reads golden.0, golden.1 … as copies, so that they do not keep
// the file's bytes alive.
func readGoldens(file *safetensors.File, m *Model) ([]Golden, error) {
	var goldens []Golden
	used := 0
	for {
		name := fmt.Sprintf("%s%d.", goldenPrefix, len(goldens))
		pixels, ok := file.Lookup(name + "pixels")
		if !ok {
			break
		}
		logits, ok := file.Lookup(name + "logits")
		if !ok {
			return nil, refuse("tensor %q is missing", name+"logits")
		}
		g, err := newGolden(pixels, logits, m)
		if err != nil {
			return nil, err
		}
		goldens = append(goldens, g)
		used += 2
	}
	if n := len(file.Tensors()) - len(m.Params) - used; n > 0 {
		return nil, refuse("%d golden tensors do not form pairs golden.0.pixels, golden.0.logits, golden.1.pixels …", n)
	}
	return goldens, nil
}

func newGolden(pixels, logits safetensors.Tensor, m *Model) (Golden, error) {
	side := m.Profile.Resolution
	if want := []int{side, side, 3}; !slices.Equal(pixels.Shape, want) {
		return Golden{}, refuse("tensor %q has shape %v, expected %v", pixels.Name, pixels.Shape, want)
	}
	if want := []int{m.Classes()}; !slices.Equal(logits.Shape, want) {
		return Golden{}, refuse("tensor %q has shape %v, expected %v", logits.Name, logits.Shape, want)
	}
	p, errP := pixels.Uint8s()
	l, errL := logits.Float32s()
	if err := errors.Join(errP, errL); err != nil {
		return Golden{}, refuse("%s", oneLine(err))
	}
	return Golden{Pixels: slices.Clone(p), Logits: slices.Clone(l)}, nil
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
