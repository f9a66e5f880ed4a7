package keras

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

// say holds errors to their form.
func say(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var ours *state.Error
	var params *model.ParamsError
	var shape *model.ShapeError
	if !errors.As(err, &ours) && !errors.As(err, &params) && !errors.As(err, &shape) ||
		strings.Contains(err.Error(), "\n") || len(err.Error()) > 2000 {
		t.Fatalf("%T %q", err, err)
	}
}

// edited unpacks a .keras file, changes its configuration and packs it again.
func edited(t *testing.T, file string, edit func(config string) string) []byte {
	t.Helper()
	data := load(t, file)
	config, weights, err := unzip(data)
	if err != nil {
		t.Fatal(err)
	}
	was := string(config)
	now := edit(was)
	if now == was {
		t.Fatal("the edit changes nothing")
	}
	return packed(t, zip.Store, map[string]string{configName: now, weightsName: string(weights)})
}

func packed(t *testing.T, method uint16, members map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{configName, weightsName, "other"} {
		text, ok := members[name]
		if !ok {
			continue
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func replace(old, new string) func(string) string {
	return func(config string) string { return strings.Replace(config, old, new, 1) }
}

// behind replaces the first occurrence behind a mark.
func behind(mark, old, new string) func(string) string {
	return func(config string) string {
		i := strings.Index(config, mark)
		return config[:max(i, 0)] + strings.Replace(config[max(i, 0):], old, new, 1)
	}
}

// What arrays do not show must be as the family has it.
func TestConfigurationRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		edit func(string) string
		want string
	}{
		"activation": {"v1.keras", behind(`"stem_activation"`, `"activation": "silu"`, `"activation": "relu"`),
			`layer "stem_activation" (activation) applies "relu", expected swish`},
		"inner activation": {"v1.keras", behind(`"name": "block3a_se_reduce"`, `"activation": "silu"`, `"activation": "relu"`),
			`layer "block3a_se_reduce" (conv2d) applies "relu", expected swish`},
		"gate": {"v1.keras", behind(`"name": "block3a_se_expand"`, `"activation": "sigmoid"`, `"activation": "hard_sigmoid"`),
			`layer "block3a_se_expand" (conv2d) applies "hard_sigmoid", expected sigmoid`},
		"stride": {"v1.keras", behind(`"name": "block4a_dwconv"`, `"strides": [2, 2]`, `"strides": [1, 1]`),
			`layer "block4a_dwconv" (depthwise_conv2d) has the strides [1 1], expected 2`},
		"dilation": {"v1.keras", behind(`"name": "block4a_dwconv"`, `"dilation_rate": [1, 1]`, `"dilation_rate": [2, 2]`),
			`layer "block4a_dwconv" (depthwise_conv2d) is dilated`},
		"epsilon": {"v1.keras", behind(`"name": "block5a_bn"`, `"epsilon": 0.001`, `"epsilon": 0.01`),
			"batch norms with the epsilons "},
		"head's activation": {"v1.keras", behind(`"name": "predictions"`, `"activation": "softmax"`, `"activation": "relu"`),
			`layer "predictions" (dense) applies "relu" behind the network, which is not known`},
		"pooling": {"v1.keras", behind(`"class_name": "Activation", "config": {"name": "top_activation"`, "GlobalAveragePooling2D", "GlobalMaxPooling2D"),
			`layer "avg_pool" (global_max_pooling2d): the family takes means`},
		"unknown in front": {"v1.keras", replace(`"class_name": "Rescaling"`, `"class_name": "Lambda"`),
			`layer "rescaling" (lambda) in front of the network is not known`},
		"unknown behind": {"v1.keras", behind(`"name": "avg_pool"`, `"class_name": "Dropout"`, `"class_name": "LayerNormalization"`),
			`layer "top_dropout" (layer_normalization) behind the network is not known`},
		"unknown within": {"v1.keras", behind(`"name": "block3a_dwconv"`, `"class_name": "Reshape"`, `"class_name": "AveragePooling2D"`),
			`layer "block3a_se_reshape" (average_pooling2d) within the network is not known`},
		"negative scale": {"v1.keras", replace(`"scale": 0.00392156862745098`, `"scale": -1`),
			"the layers in front of the network normalise channel 0 with"},
		"two scales": {"v1.keras", replace(`"scale": 0.00392156862745098`, `"scale": [1, 2]`),
			`layer "rescaling" (rescaling) has 2 numbers for its scale, expected 3`},
		"inverted": {"v1.keras", replace(`"invert": false`, `"invert": true`),
			`layer "normalization" (normalization) is inverted`},
		"no layers": {"v1.keras", func(string) string { return `{"class_name": "Custom>Net", "config": {}}` },
			`the model is a "Custom>Net", whose layers its configuration does not list`},
		"not JSON": {"v1.keras", func(s string) string { return s[:100] },
			"the model's configuration is not as Keras writes it"},
		"other layers": {"v1.keras", replace(`"class_name": "BatchNormalization"`, `"class_name": "GroupNormalization"`),
			"are of no layer of the configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(edited(t, tt.file, tt.edit), state.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			say(t, err)
		})
	}
}

// What may differ is followed, or said.
func TestConfigurationFollowed(t *testing.T) {
	sigmoid, err := Read(edited(t, "v1.keras", behind(`"name": "predictions"`, `"activation": "softmax"`, `"activation": "sigmoid"`)), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if last := strings.Join(sigmoid.Assumed, "\n"); !strings.Contains(last, `although layer "predictions" (dense) applies a sigmoid to each class`) {
		t.Errorf("assumed %q", sigmoid.Assumed)
	}
	eps, err := Read(edited(t, "v1.keras", func(s string) string { return strings.ReplaceAll(s, `"epsilon": 0.001`, `"epsilon": 0.00001`) }), state.Options{})
	if err != nil || eps.Profile.BNEps != 1e-5 {
		t.Errorf("epsilon is %v, %v", eps, err)
	}
	padded, err := Read(edited(t, "v1.keras", behind(`"name": "block4a_dwconv_pad"`, `"padding": [[0, 1], [0, 1]]`, `"padding": [[1, 1], [1, 1]]`)), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(padded.Assumed, "\n"); !strings.Contains(all, `padding same, although layer "block4a_dwconv_pad" (zero_padding2d) pads by [1 1 1 1] at 8 pixels`) {
		t.Errorf("assumed %q", padded.Assumed)
	}
	lambda, err := Read(edited(t, "v1.keras", behind(`"name": "block3a_dwconv"`, `"class_name": "Activation"`, `"class_name": "Swish"`)), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(lambda.Assumed, "\n"); !strings.Contains(all, `layer "block3a_activation" (swish) and its like compute what the family has in their place`) {
		t.Errorf("assumed %q", lambda.Assumed)
	}
	open, err := Read(edited(t, "v1.keras", replace(`"batch_shape": [null, 64, 64, 3]`, `"batch_shape": [null, null, null, 3]`)), state.Options{})
	if err != nil || open.Profile.Resolution != 224 || !strings.HasPrefix(open.Assumed[0], "resolution 224, ") {
		t.Errorf("without a size: %v, %v", open, err)
	}
}

func TestArchiveRefused(t *testing.T) {
	good := load(t, "v1.keras")
	config, weights, err := unzip(good)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]string{configName: string(config), weightsName: string(weights)}
	flipped := bytes.Clone(good)
	flipped[bytes.Index(good, weights)+len(weights)/2] ^= 1
	encryptedMember := bytes.Clone(good)
	central := bytes.LastIndex(good, []byte("PK\x01\x02"))
	encryptedMember[central+8] |= 1
	bomb := packed(t, zip.Deflate, map[string]string{configName: string(config), weightsName: strings.Repeat("\x00", 80<<20)})
	claim := packed(t, zip.Deflate, members)
	at := bytes.LastIndex(claim, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(claim[at+24:], 1<<31)
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"damaged":    {flipped, "model.weights.h5 in the archive is damaged: wrong checksum"},
		"encrypted":  {encryptedMember, "model.weights.h5 in the archive is encrypted"},
		"truncated":  {good[:len(good)-10], "a .keras archive that is damaged"},
		"no config":  {packed(t, zip.Store, map[string]string{weightsName: string(weights)}), "a zip archive without config.json and model.weights.h5"},
		"no weights": {packed(t, zip.Store, map[string]string{configName: "{}"}), "a zip archive without config.json and model.weights.h5"},
		"bomb":       {bomb, "model.weights.h5 in the archive claims 83886080 bytes, packed in "},
		"claim":      {claim, "model.weights.h5 in the archive claims 2147483648 bytes"},
		"not HDF5":   {packed(t, zip.Store, map[string]string{configName: "{}", weightsName: "hello"}), "not an HDF5 file"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(tt.data, state.Options{})
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			say(t, err)
			if n := after.TotalAlloc - before.TotalAlloc; n > 2*uint64(len(tt.data))+4<<20 {
				t.Errorf("%d bytes allocated for a file of %d", n, len(tt.data))
			}
		})
	}
}

func TestNotOfKeras(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(testkit.Root(t), "testdata", "weights", "hdf5", "latest.h5"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Read(data, state.Options{})
	if err == nil || !strings.Contains(err.Error(), "an HDF5 file, but not of Keras") {
		t.Errorf("got %v", err)
	}
	if _, err := Read(load(t, "v1.h5"), state.Options{Variant: "b9"}); err == nil || !strings.Contains(err.Error(), `unknown variant "b9"`) {
		t.Errorf("got %v", err)
	}
	_, err = Read(load(t, "v1.h5"), state.Options{Variant: "b0"})
	if err == nil || !strings.Contains(err.Error(), `tensor "stem_conv/kernel" has shape [3 3 3 8], expected [3 3 3 32]; `) {
		t.Errorf("got %v", err)
	}
}

func TestNoClassifier(t *testing.T) {
	_, err := Read(load(t, "no_top.weights.h5"), state.Options{})
	if err == nil || !strings.Contains(err.Error(), "the file has no classifier: it was saved without one (include_top=False)") {
		t.Errorf("got %v", err)
	}
}

// A changed byte is refused, or changes what is read; it never does harm.
func TestDamaged(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, file := range []string{"v1.h5", "v1.keras", "v1.weights.h5", "v2b_legacy.h5", "tf_v1.h5", "published_head.h5"} {
		data := load(t, file)
		for range 150 {
			at, flip := random.IntN(len(data)), byte(1+random.IntN(255))
			data[at] ^= flip
			_, err := Read(data, state.Options{})
			data[at] ^= flip
			say(t, err)
		}
		for range 50 {
			_, err := Read(data[:random.IntN(len(data))], state.Options{})
			if err == nil {
				t.Fatalf("%s: a part of it was read", file)
			}
			say(t, err)
		}
		if _, err := Read(data, state.Options{}); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzRead holds that no file does harm.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"seed.h5", "seed.keras", "seed.weights.h5", "seed_legacy.h5"} {
		f.Add(load(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := Read(data, state.Options{})
		say(t, err)
	})
}

// FuzzConfig holds that no configuration does harm.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"class_name":"Functional","config":{"name":"m","layers":[{"class_name":"InputLayer","config":{"batch_shape":[null,8,8,3],"name":"i"}},` +
		`{"class_name":"Rescaling","config":{"name":"r","scale":[0.1,0.2,0.3],"offset":0}},{"class_name":"Sequential","config":[{"class_name":"Dense","config":{"activation":{"class_name":"function","config":"swish"}}}]}]}}`))
	f.Add([]byte(`{"class_name":"Sequential","config":{"layers":[{"class_name":"Normalization","config":{"mean":{"class_name":"__numpy__","config":{"value":[[1,2,3]]}},"variance":null}}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		tree, err := parseConfig(text)
		say(t, err)
		if err == nil {
			tree.side()
			tree.flat(false)
		}
	})
}
