package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/safetensors"
)

const classes = 3

// smallModel has parameters of two tensors only: Read leaves it to Compile
// whether they make a network.
func smallModel() *Model {
	return &Model{
		Name: "efficientnet-lite0", Variant: "efficientnet-lite0",
		Profile: profile.ImageNet(32),
		Labels:  []Label{{WNID: "n01", Name: "tabby", Synonyms: []string{"tabby cat"}}, {Name: "dog"}, {WNID: "n03", Name: "fox"}},
		Params: model.Params{
			"classifier.weight": {Shape: []int{classes, 2}, Data: []float32{1, 2, 3, 4, 5, 6}},
			"classifier.bias":   {Shape: []int{classes}, Data: []float32{-1, 0, 1}},
		},
		Goldens: []Golden{
			{Pixels: bytes.Repeat([]byte{1, 2, 3}, 32*32), Logits: []float32{1, 2, 3}},
			{Pixels: bytes.Repeat([]byte{4, 5, 6}, 32*32), Logits: []float32{3, 2, 1}},
		},
		Source: "a test", License: "Apache-2.0",
	}
}

// parts are what makes the container of smallModel.
func parts(t *testing.T) (map[string]string, map[string]safetensors.Tensor) {
	t.Helper()
	m := smallModel()
	prof, err := json.Marshal(m.Profile)
	if err != nil {
		t.Fatal(err)
	}
	meta := map[string]string{
		"format": Format, "name": m.Name, "variant": m.Variant, "profile": string(prof),
		"labels": FormatLabels(m.Labels), "source": m.Source, "license": m.License,
	}
	tensors := map[string]safetensors.Tensor{}
	for name, p := range m.Params {
		tensors[name] = safetensors.FromFloat32s(name, p.Shape, p.Data)
	}
	for i, g := range m.Goldens {
		name := fmt.Sprintf("golden.%d.", i)
		tensors[name+"pixels"] = safetensors.Tensor{Name: name + "pixels", DType: safetensors.U8, Shape: []int{32, 32, 3}, Bytes: g.Pixels}
		tensors[name+"logits"] = safetensors.FromFloat32s(name+"logits", []int{classes}, g.Logits)
	}
	return meta, tensors
}

func encode(t *testing.T, meta map[string]string, tensors map[string]safetensors.Tensor) []byte {
	t.Helper()
	var list []safetensors.Tensor
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		list = append(list, tensors[name])
	}
	var b bytes.Buffer
	if err := safetensors.Write(&b, meta, list); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRead(t *testing.T) {
	meta, tensors := parts(t)
	got, err := Read(encode(t, meta, tensors))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(smallModel(), got); diff != "" {
		t.Error(diff)
	}
}

func TestReadConvertsParameters(t *testing.T) {
	meta, tensors := parts(t)
	tensors["classifier.bias"] = safetensors.Tensor{
		Name: "classifier.bias", DType: safetensors.F16, Shape: []int{classes}, Bytes: []byte{0, 0xbc, 0, 0, 0, 0x3c},
	}
	got, err := Read(encode(t, meta, tensors))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(smallModel().Params, got.Params); diff != "" {
		t.Error(diff)
	}
}

func TestWriteIsReadBack(t *testing.T) {
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		if err := Write(b, smallModel()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two writes differ")
	}
	got, err := Read(first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(smallModel(), got); diff != "" {
		t.Error(diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	m := smallModel()
	m.Params["stray"] = model.Param{Shape: []int{1}, Data: []float32{1}}
	if err := Write(&bytes.Buffer{}, m); err == nil || !strings.Contains(err.Error(), "1 parameters are not part of") {
		t.Errorf("stray parameter: %v", err)
	}
	m = smallModel()
	delete(m.Params, "classifier.weight")
	if err := Write(&bytes.Buffer{}, m); err == nil {
		t.Error("no classifier: written")
	}
	m = smallModel()
	m.Variant = "efficientnet-x"
	if err := Write(&bytes.Buffer{}, m); err == nil {
		t.Error("unknown variant: written")
	}
}

func TestReadRefuses(t *testing.T) {
	type meta = map[string]string
	type tensors = map[string]safetensors.Tensor
	tests := []struct {
		name, want string
		change     func(meta, tensors)
	}{
		{"another's file", `no names of torchvision, timm, geffnet or efficientnet_pytorch among its 6 tensors "classifier.bias", `,
			func(m meta, _ tensors) { clear(m) }},
		{"a later format", `model format "effnet/model/v2" is not known to this version, which reads "effnet/model/v1"`,
			func(m meta, _ tensors) { m["format"] = "effnet/model/v2" }},
		{"no variant", `metadata is incomplete: no "variant"`, func(m meta, _ tensors) { delete(m, "variant") }},
		{"no profile", `metadata is incomplete: no "profile"`, func(m meta, _ tensors) { m["profile"] = "" }},
		{"control characters", `metadata "source" holds control`, func(m meta, _ tensors) { m["source"] = "\x1b[2J" }},
		{"profile that is no JSON", "profile: ", func(m meta, _ tensors) { m["profile"] = "{" }},
		{"profile without a key", "profile: bn_eps is missing", func(m meta, _ tensors) { m["profile"] = `{"padding":"same"}` }},
		{"profile out of range", "resolution", func(m meta, _ tensors) {
			m["profile"] = strings.Replace(m["profile"], `"resolution":32`, `"resolution":1000000`, 1)
		}},
		{"number of labels", "2 labels do not fit a model of 3 classes", func(m meta, _ tensors) { m["labels"] = "a\nb" }},
		{"label without a name", "label 1 has no name", func(m meta, _ tensors) { m["labels"] = "a\n\nc" }},
		{"integer parameter", `tensor "classifier.bias": dtype I32, expected F32`, func(_ meta, ts tensors) {
			x := ts["classifier.bias"]
			x.DType = safetensors.I32
			ts["classifier.bias"] = x
		}},
		{"classifier turned", `tensor "classifier.bias" has shape [3], expected [2] by the shape [2 3] of "classifier.weight"`, func(_ meta, ts tensors) {
			x := ts["classifier.weight"]
			x.Shape = []int{2, classes}
			ts["classifier.weight"] = x
		}},
		{"no outputs", `tensor "classifier.weight" of shape [0 2] has no outputs`, func(_ meta, ts tensors) {
			ts["classifier.weight"] = safetensors.FromFloat32s("classifier.weight", []int{0, 2}, nil)
		}},
		{"outputs without inputs", `of shape [1099511627776 0] has no outputs`, func(_ meta, ts tensors) {
			ts["classifier.weight"] = safetensors.FromFloat32s("classifier.weight", []int{1 << 40, 0}, nil)
		}},
		{"golden without logits", `tensor "golden.0.logits" is missing`, func(_ meta, ts tensors) { delete(ts, "golden.0.logits") }},
		{"golden without pixels", "golden tensors do not form pairs", func(_ meta, ts tensors) { delete(ts, "golden.1.pixels") }},
		{"golden's shape", `tensor "golden.0.pixels" has shape [3072], expected [32 32 3]`, func(_ meta, ts tensors) {
			x := ts["golden.0.pixels"]
			x.Shape = []int{3072}
			ts["golden.0.pixels"] = x
		}},
		{"golden's classes", `tensor "golden.1.logits" has shape [2], expected [3]`, func(_ meta, ts tensors) {
			ts["golden.1.logits"] = safetensors.FromFloat32s("golden.1.logits", []int{2}, []float32{1, 2})
		}},
		{"golden's type", `tensor "golden.0.pixels": dtype I8, expected U8`, func(_ meta, ts tensors) {
			x := ts["golden.0.pixels"]
			x.DType = safetensors.I8
			ts["golden.0.pixels"] = x
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, ts := parts(t)
			tt.change(m, ts)
			checkRefused(t, encode(t, m, ts), tt.want)
		})
	}
}

func checkRefused(t *testing.T, data []byte, want string) {
	t.Helper()
	m, err := Read(data)
	if err == nil {
		t.Fatalf("got %v, want an error with %q", m, want)
	}
	var own *Error
	var container *safetensors.Error
	if !errors.As(err, &own) && !errors.As(err, &container) {
		t.Errorf("error of type %T", err)
	}
	if msg := err.Error(); !strings.Contains(msg, want) || strings.Contains(msg, "\n") {
		t.Errorf("got %q, want one line with %q", msg, want)
	}
}

func TestReadSaysWhatOtherFilesAre(t *testing.T) {
	tar := make([]byte, 1024)
	copy(tar[257:], "ustar")
	for want, data := range map[string]string{
		"an empty file": "",
		"a Git LFS pointer, not the weights: run git lfs pull": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
		"an HTML page, not the weights":                        "\n <!DOCTYPE html><html></html>",
		"an HTML page":                                         "<HTML><head>",
		"an XML document":                                      "<?xml version=\"1.0\"?><Error>AccessDenied</Error>",
		"a JSON document":                                      `{"message":"Not Found"}`,
		"a text file":                                          "not found, sorry\n",
		"a zip archive without its directory: truncated":       "PK\x03\x04\x14\x00\x00\x00",
		"the pickle ends early: truncated":                     "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
		"a Python pickle, but not of torch.save":               "\x80\x04\x95\x00\x00\x00\x00",
		"an HDF5 file":                                         "\x89HDF\r\n\x1a\n\x00",
		"the ONNX file has 0 graphs":                           "\x08\x08\x12\x07pytorch",
		"a TensorFlow Lite model":                              "\x1c\x00\x00\x00TFL3",
		"a gzip archive":                                       "\x1f\x8b\x08",
		"a tar archive":                                        string(tar),
		"a JPEG picture":                                       "\xff\xd8\xff\xe0",
		"not a safetensors file":                               "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09",
		"beyond the file's 11 bytes":                           "\x00\x01\x00\x00\x00\x00\x00\x00{  ",
	} {
		checkRefused(t, []byte(data), want)
	}
}

// FuzzRead holds that nothing makes Read panic and that what it accepts is
// whole.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, smallModel()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\n"))
	f.Add([]byte("\x08\x08\x12\x07pytorch"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(data)
		if err != nil {
			if err.Error() == "" || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q", err)
			}
			return
		}
		if err := m.Profile.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, g := range m.Goldens {
			if len(g.Logits) != m.Classes() {
				t.Fatalf("%d logits of %d classes", len(g.Logits), m.Classes())
			}
		}
	})
}
