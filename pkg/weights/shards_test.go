package weights

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/weights/safetensors"
)

func shard(t *testing.T, names ...string) []byte {
	t.Helper()
	var tensors []safetensors.Tensor
	for i, name := range names {
		tensors = append(tensors, safetensors.FromFloat32s(name, []int{1}, []float32{float32(i)}))
	}
	var b bytes.Buffer
	if err := safetensors.Write(&b, nil, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAssemble(t *testing.T) {
	files := map[string][]byte{"a.safetensors": shard(t, "x", "y"), "b.safetensors": shard(t, "z")}
	index := `{"metadata":{"total_size":12},"weight_map":{"x":"a.safetensors","y":"a.safetensors","z":"b.safetensors"}}`
	read := func(file string) ([]byte, error) {
		if data, ok := files[file]; ok {
			return data, nil
		}
		return nil, errors.New("no such file")
	}
	data, err := Assemble([]byte(index), read)
	if err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Parse(data)
	if err != nil || len(f.Tensors()) != 3 {
		t.Fatalf("%v, %v", f, err)
	}
	for name, want := range map[string]float32{"x": 0, "y": 1, "z": 0} {
		if v, err := f.Float32s(name); err != nil || v[0] != want {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	if same, err := Assemble(data, read); err != nil || !bytes.Equal(same, data) {
		t.Errorf("a container is changed: %v", err)
	}
	checkRefused(t, []byte(index), "the index of a sharded model")

	for old, tt := range map[string]struct{ change, want string }{
		`"z":"b.safetensors"`: {`"z":"a.safetensors"`, `"a.safetensors" does not hold the tensor "z"`},
		`"y":"a.safetensors"`: {`"y":"b.safetensors"`, `"a.safetensors" holds the tensor "y", of which the index says otherwise`},
		`"b.safetensors"`:     {`"../b.safetensors"`, `the index names "../b.safetensors", which is no safetensors file beside it`},
		`:"b.safetensors"`:    {`:"C:b.safetensors"`, `the index names "C:b.safetensors"`},
		`"z":"b.`:             {`"z":"c.`, `"c.safetensors": no such file`},
		`"z":"b.safetensors`:  {`"z":"/etc/passwd`, `the index names "/etc/passwd"`},
	} {
		_, err := Assemble([]byte(strings.Replace(index, old, tt.change, 1)), read)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.change, err, tt.want)
		}
	}
	files["b.safetensors"] = []byte("<html>")
	if _, err := Assemble([]byte(index), read); err == nil || !strings.HasPrefix(err.Error(), `"b.safetensors": `) {
		t.Errorf("a shard that is none: %v", err)
	}
	many := make([]string, maxShards+1)
	for i := range many {
		many[i] = fmt.Sprintf(`"t%d":"%d.safetensors"`, i, i)
	}
	if _, err := Assemble([]byte(`{"weight_map":{`+strings.Join(many, ",")+`}}`), read); err == nil || !strings.Contains(err.Error(), "an index of 1025 files") {
		t.Errorf("many shards: %v", err)
	}
}
