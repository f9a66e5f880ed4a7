package similar

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Schema names the form of the JSON lines.
const Schema = "effnet/v1"

// maxLine bounds a JSON line: the longest vector takes less.
const maxLine = 4 << 20

// AppendRecord appends an embedding as a JSON object, without a line's end. The
// values are the shortest decimals that give the same float32 again. A path that
// is not valid UTF-8 gets path_b64 beside a readable path.
func AppendRecord(b []byte, path, model string, embedding []float32) []byte {
	b = appendString(append(b, `{"schema":`...), Schema)
	b = appendString(append(b, `,"path":`...), path)
	if !utf8.ValidString(path) {
		b = appendString(append(b, `,"path_b64":`...), base64.StdEncoding.EncodeToString([]byte(path)))
	}
	b = appendString(append(b, `,"model":`...), model)
	b = append(b, `,"embedding":[`...)
	for i, v := range embedding {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(v), 'g', -1, 32)
	}
	return append(b, "]}"...)
}

// appendString quotes s for JSON; what a terminal would obey is escaped too.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20, 0x7f <= r && r < 0xa0, r == 0x2028, r == 0x2029:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// ReadJSONL reads what AppendRecord writes, a record a line; records of failed
// inputs are passed by. model is theirs, and an error if they have several.
func ReadJSONL(r io.Reader) (v *Vectors, model string, err error) {
	v = &Vectors{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := v.line(lines.Bytes(), &model); err != nil {
			return nil, "", fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("a line is longer than %d bytes", maxLine)
		}
		return nil, "", err
	}
	return v, model, nil
}

func (v *Vectors) line(line []byte, model *string) error {
	var record struct {
		Schema    string          `json:"schema"`
		Path      *string         `json:"path"`
		PathB64   []byte          `json:"path_b64"`
		Model     string          `json:"model"`
		Embedding []float32       `json:"embedding"`
		Error     json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(line, &record); err != nil {
		return fmt.Errorf("not a record of an embedding: %w", err)
	}
	switch {
	case record.Schema != Schema:
		return fmt.Errorf("schema %.40q, want %q", record.Schema, Schema)
	case record.Path == nil:
		return errors.New("a record without a path")
	case len(record.Error) > 0:
		return nil
	case record.Embedding == nil:
		return errors.New("a record without an embedding")
	case v.Len() == 0:
		*model = record.Model
	case record.Model != *model:
		return fmt.Errorf("an embedding of model %.60q among those of %.60q", record.Model, *model)
	}
	name := *record.Path
	if len(record.PathB64) > 0 {
		name = string(record.PathB64)
	}
	return v.Append(name, record.Embedding)
}
