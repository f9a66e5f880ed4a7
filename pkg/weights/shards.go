package weights

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/weights/safetensors"
	"github.com/effnet/effnet/pkg/weights/state"
)

// Limits of the index of a sharded model.
const (
	maxIndex  = 16 << 20 // bytes
	maxShards = 1024
)

// index is model.safetensors.index.json as the Hugging Face libraries write
// it: which file beside it holds each tensor.
type index struct {
	Files map[string]string `json:"weight_map"`
}

// Assemble gives data back, unless it is the index of a model in several
// safetensors files: then it reads these by their names, which lead to no other
// folder, and gives one container with all tensors. An error of read is
// wrapped.
func Assemble(data []byte, read func(file string) ([]byte, error)) ([]byte, error) {
	in, ok := parseIndex(data)
	if !ok {
		return data, nil
	}
	files := slices.Compact(slices.Sorted(maps.Values(in.Files)))
	if len(files) > maxShards {
		return nil, refuse("an index of %d files", len(files))
	}
	var tensors []safetensors.Tensor
	size := 0
	for _, file := range files {
		if strings.ContainsAny(file, "/\\:\x00") || !strings.HasSuffix(file, ".safetensors") {
			return nil, refuse("the index names %s, which is no safetensors file beside it", state.Quote(file))
		}
		shard, err := read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", state.Quote(file), err)
		}
		parsed, err := safetensors.Parse(shard)
		if err != nil {
			return nil, refuse("%s: %s", state.Quote(file), err)
		}
		for _, t := range parsed.Tensors() {
			if in.Files[t.Name] != file {
				return nil, refuse("%s holds the tensor %s, of which the index says otherwise", state.Quote(file), state.Quote(t.Name))
			}
			delete(in.Files, t.Name)
		}
		tensors = append(tensors, parsed.Tensors()...)
		size += len(shard)
	}
	for _, name := range slices.Sorted(maps.Keys(in.Files)) {
		return nil, refuse("%s does not hold the tensor %s, which the index says", state.Quote(in.Files[name]), state.Quote(name))
	}
	slices.SortStableFunc(tensors, func(a, b safetensors.Tensor) int { return b.DType.Size() - a.DType.Size() })
	out := bytes.NewBuffer(make([]byte, 0, size))
	err := safetensors.Write(out, nil, tensors)
	return out.Bytes(), err
}

// parseIndex tells whether data is an index.
func parseIndex(data []byte) (in index, ok bool) {
	if len(data) > maxIndex || !bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 64)], " \t\r\n"), []byte("{")) {
		return in, false
	}
	err := json.Unmarshal(data, &in)
	return in, err == nil && len(in.Files) > 0
}
