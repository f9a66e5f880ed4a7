package report

import (
	"bytes"
	_ "embed"
)

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of a record of json and jsonl.
func Schema() []byte { return bytes.Clone(schema) }
