package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/effnet/effnet/pkg/weights"
)

// maxLabels bounds a file of labels, in bytes.
const maxLabels = 16 << 20

// readLabels reads the file of --labels.
func readLabels(path string) ([]weights.Label, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, reasonOf(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxLabels+1))
	if err != nil {
		return nil, reasonOf(err)
	}
	if len(data) > maxLabels {
		return nil, fmt.Errorf("larger than %d bytes", maxLabels)
	}
	return parseLabels(data)
}

// parseLabels reads one label a line ("name", or "wnid<TAB>name<TAB>synonym…"), a JSON
// array of labels, a JSON object from index to label, or one from name to index. A JSON
// label is a string or [wnid, name, synonym…].
func parseLabels(data []byte) ([]weights.Label, error) {
	start := bytes.TrimLeft(data, "\ufeff \t\r\n")
	var labels []weights.Label
	var err error
	switch {
	case bytes.HasPrefix(start, []byte("[")):
		var items []json.RawMessage
		if err = json.Unmarshal(start, &items); err == nil {
			labels, err = labelArray(items)
		}
	case bytes.HasPrefix(start, []byte("{")):
		var items map[string]json.RawMessage
		if err = json.Unmarshal(start, &items); err == nil {
			labels, err = labelObject(items)
		}
	default:
		return weights.ParseLabels(string(data))
	}
	if err != nil {
		return nil, err
	}
	if len(labels) == 0 {
		return nil, errors.New("holds no label")
	}
	return weights.ParseLabels(weights.FormatLabels(labels))
}

func labelArray(items []json.RawMessage) ([]weights.Label, error) {
	labels := make([]weights.Label, len(items))
	for i, item := range items {
		l, err := jsonLabel(item)
		if err != nil {
			return nil, fmt.Errorf("label %d %w", i, err)
		}
		labels[i] = l
	}
	return labels, nil
}

// labelObject puts every index from 0 to the number of items in its place.
func labelObject(items map[string]json.RawMessage) ([]weights.Label, error) {
	ordered := make([]json.RawMessage, len(items))
	for key, value := range items {
		index, label := key, value
		if bytes.ContainsAny(value[:1], "-0123456789") {
			index = string(value)
			label, _ = json.Marshal(key)
		}
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= len(ordered) || ordered[i] != nil {
			return nil, fmt.Errorf("index %q is not a number from 0 to %d, or comes twice", index, len(ordered)-1)
		}
		ordered[i] = label
	}
	return labelArray(ordered)
}

func jsonLabel(item json.RawMessage) (weights.Label, error) {
	var name string
	if json.Unmarshal(item, &name) == nil && item[0] == '"' {
		return weights.Label{Name: name}, checkField(name)
	}
	var fields []string
	if err := json.Unmarshal(item, &fields); err != nil || len(fields) < 2 {
		return weights.Label{}, errors.New("is neither a string nor [wnid, name, …]")
	}
	for _, f := range fields {
		if err := checkField(f); err != nil {
			return weights.Label{}, err
		}
	}
	return weights.Label{WNID: fields[0], Name: fields[1], Synonyms: fields[2:]}, nil
}

func checkField(s string) error {
	if bytes.ContainsAny([]byte(s), "\t\r\n") {
		return errors.New("holds a tab or a line break")
	}
	return nil
}
