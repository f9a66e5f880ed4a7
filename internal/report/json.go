package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/similar"
)

// jsonLines writes one object a line.
type jsonLines struct {
	w     io.Writer
	style Style
	buf   []byte
}

func newJSONLines(w io.Writer, s Style) Writer { return &jsonLines{w: w, style: s} }

func (j *jsonLines) Write(r Record) error {
	j.buf = append(appendRecord(j.buf[:0], r, &j.style), '\n')
	_, err := j.w.Write(j.buf)
	return err
}

func (j *jsonLines) Close() error { return nil }

// jsonArray writes the same objects as one array, each as soon as it is known.
type jsonArray struct {
	w     io.Writer
	style Style
	buf   []byte
	open  bool
}

func newJSONArray(w io.Writer, s Style) Writer { return &jsonArray{w: w, style: s} }

func (j *jsonArray) Write(r Record) error {
	lead := ",\n"
	if !j.open {
		lead, j.open = "[\n", true
	}
	j.buf = appendRecord(append(j.buf[:0], lead...), r, &j.style)
	_, err := j.w.Write(j.buf)
	return err
}

func (j *jsonArray) Close() error {
	end := "\n]\n"
	if !j.open {
		end = "[]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}

func appendRecord(b []byte, r Record, s *Style) []byte {
	if r.Maps != nil {
		text, _ := Marshal(r.Maps) // numbers and strings
		return append(b, text...)
	}
	b = appendString(append(b, `{"schema":`...), SchemaName)
	b = appendPath(append(b, ','), r.Path)
	b = appendString(append(b, `,"model":`...), s.Model)
	if r.Err != nil {
		b = appendString(append(b, `,"error":{"kind":`...), string(r.Err.Kind))
		b = appendString(append(b, `,"message":`...), r.Err.Error())
		return append(b, "}}"...)
	}
	b = appendResult(b, &r, s)
	if r.Check != nil {
		b = appendVerdict(append(b, `,"check":`...), r.Check)
	}
	return append(b, '}')
}

func appendResult(b []byte, rec *Record, s *Style) []byte {
	r := rec.Result
	if s.Body == Predictions {
		b = appendString(append(b, `,"precision":`...), s.Precision)
		b = appendString(append(b, `,"image":{"format":`...), r.Format)
		b = strconv.AppendInt(append(b, `,"width":`...), int64(r.Width), 10)
		b = strconv.AppendInt(append(b, `,"height":`...), int64(r.Height), 10)
		b = append(b, '}')
	}
	if r.Damaged {
		b = append(b, `,"damaged":true`...)
	}
	b = appendBody(b, rec, s)
	if s.Timing {
		b = appendMillis(append(b, `,"timing_ms":{"decode":`...), r.Timing.Decode)
		b = appendMillis(append(b, `,"resize":`...), r.Timing.Resize)
		b = appendMillis(append(b, `,"model":`...), r.Timing.Model)
		b = appendMillis(append(b, `,"total":`...), r.Timing.Total)
		b = append(b, '}')
		if r.Timing.Scale > 1 {
			b = appendString(append(b, `,"scale":`...), scaleText(r.Timing.Scale))
		}
	}
	if e := s.Engine; e != nil {
		b = appendString(append(b, `,"engine":{"version":`...), e.Version)
		b = appendString(append(b, `,"tier":`...), e.Tier)
		b = appendString(append(b, `,"model_sha256":`...), e.ModelSHA256)
		b = append(b, '}')
	}
	return b
}

func appendBody(b []byte, r *Record, s *Style) []byte {
	switch s.Body {
	case Embedding:
		b = appendList(append(b, `,"embedding":[`...), r.Result.Embedding, appendFeature)
	case Nearest:
		b = appendList(append(b, `,"nearest":[`...), r.Nearest, appendMatch)
	default:
		b = appendList(append(b, `,"predictions":[`...), r.Result.Predictions, func(b []byte, _ int, p *classify.Prediction) []byte {
			return appendPrediction(b, p, s.Logits)
		})
	}
	return append(b, ']')
}

func appendList[T any](b []byte, list []T, one func(b []byte, i int, v *T) []byte) []byte {
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, i, &list[i])
	}
	return b
}

// appendFeature writes the shortest decimals that give the same float32 again.
func appendFeature(b []byte, _ int, v *float32) []byte {
	return strconv.AppendFloat(b, float64(*v), 'g', -1, 32)
}

func appendMatch(b []byte, i int, m *similar.Match) []byte {
	b = strconv.AppendInt(append(b, `{"rank":`...), int64(i+1), 10)
	b = appendPath(append(b, ','), m.Name)
	return append(appendProbability(append(b, `,"cosine":`...), m.Cosine), '}')
}

// appendPath adds path_b64 where s is not valid UTF-8.
func appendPath(b []byte, s string) []byte {
	b = appendString(append(b, `"path":`...), s)
	if !utf8.ValidString(s) {
		b = appendString(append(b, `,"path_b64":`...), base64.StdEncoding.EncodeToString([]byte(s)))
	}
	return b
}

// Marshal is json.Marshal; what a terminal would obey is escaped beyond what JSON asks for.
func Marshal(v any) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	raw := bytes.TrimSuffix(text.Bytes(), []byte{'\n'})
	if !bytes.ContainsFunc(raw, obeyed) {
		return raw, nil
	}
	b := make([]byte, 0, len(raw)+16)
	for _, r := range string(raw) { // such letters stand in strings alone
		if obeyed(r) {
			b = appendEscape(b, r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return b, nil
}

// obeyed are DEL and the C1 controls.
func obeyed(r rune) bool { return 0x7f <= r && r < 0xa0 }

// appendPrediction leaves out the WordNet id where there is none.
func appendPrediction(b []byte, p *classify.Prediction, logit bool) []byte {
	b = strconv.AppendInt(append(b, `{"rank":`...), int64(p.Rank), 10)
	b = strconv.AppendInt(append(b, `,"index":`...), int64(p.Index), 10)
	if p.WNID != "" {
		b = appendString(append(b, `,"wnid":`...), p.WNID)
	}
	b = appendString(append(b, `,"label":`...), p.Label)
	b = appendProbability(append(b, `,"probability":`...), p.Probability)
	if logit {
		b = appendLogit(append(b, `,"logit":`...), p.Logit)
	}
	return append(b, '}')
}

func appendVerdict(b []byte, v *check.Verdict) []byte {
	b = strconv.AppendBool(append(b, `{"passed":`...), v.Passed)
	b = append(b, `,"rules":[`...)
	for i, r := range v.Results {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"rule":`...), r.Rule)
		if r.Name != "" {
			b = appendString(append(b, `,"name":`...), r.Name)
		}
		b = appendString(append(b, `,"want":`...), r.Want)
		b = appendString(append(b, `,"got":`...), r.Got)
		b = strconv.AppendBool(append(b, `,"passed":`...), r.Passed)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

func appendProbability(b []byte, p float64) []byte { return strconv.AppendFloat(b, p, 'f', 6, 64) }

// appendLogit writes nine significant digits, which tell any two float32 apart.
func appendLogit(b []byte, v float32) []byte { return strconv.AppendFloat(b, float64(v), 'g', 9, 64) }

// scaleText says at which part of its size a picture was decoded.
func scaleText(scale int) string {
	if scale <= 1 {
		return "1"
	}
	return "1/" + strconv.Itoa(scale)
}

// parseScale is the way back.
func parseScale(s string) (scale int, err error) {
	for scale := 1; scale <= 8; scale *= 2 {
		if s == scaleText(scale) {
			return scale, nil
		}
	}
	return 0, fmt.Errorf("no scale: %q", s)
}

func appendMillis(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, float64(d)/float64(time.Millisecond), 'f', 3, 64)
}

func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// appendString quotes s for JSON. Bytes that are not UTF-8 become U+FFFD; DEL and the
// C1 controls, which a terminal would obey, are escaped beyond what JSON asks for.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < 0x20, obeyed(r), r == 0x2028, r == 0x2029:
			b = appendEscape(b, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
