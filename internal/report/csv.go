package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/effnet/effnet/internal/check"
)

// csvTable writes one row a prediction, and one row with the error alone where an
// input failed. A verdict on no prediction at all has a row without one.
type csvTable struct {
	w      io.Writer
	style  Style
	buf    bytes.Buffer
	rows   *csv.Writer
	header []string
	begun  bool
}

func newCSV(w io.Writer, s Style) Writer {
	c := &csvTable{w: w, style: s, header: csvHeader(&s)}
	c.rows = csv.NewWriter(&c.buf)
	return c
}

func csvHeader(s *Style) []string {
	header := []string{"path", "rank", "index", "wnid", "label", "probability"}
	if s.Logits {
		header = append(header, "logit")
	}
	if s.Damaged {
		header = append(header, "damaged")
	}
	if s.Timing {
		header = append(header, "decode_ms", "resize_ms", "model_ms", "total_ms")
	}
	if s.Timing && s.Scaled {
		header = append(header, "scale")
	}
	if s.Engine != nil {
		header = append(header, "engine_version", "engine_tier", "engine_model_sha256")
	}
	if s.Check {
		header = append(header, "passed", "failed")
	}
	return append(header, "error")
}

func (c *csvTable) Write(r Record) error {
	c.begin()
	path := strings.ToValidUTF8(r.Path, "\uFFFD")
	if r.Err != nil {
		row := make([]string, len(c.header))
		row[0], row[len(row)-1] = path, strings.ToValidUTF8(r.Err.Error(), "\uFFFD")
		c.row(row)
		return c.flush()
	}
	for i := range r.Result.Predictions {
		p := &r.Result.Predictions[i]
		c.row(c.prediction(path, &r, strconv.Itoa(p.Rank), strconv.Itoa(p.Index),
			p.WNID, p.Label, string(appendProbability(nil, p.Probability)), string(appendLogit(nil, p.Logit))))
	}
	if c.style.Check && len(r.Result.Predictions) == 0 {
		c.row(c.prediction(path, &r, "", "", "", "", "", ""))
	}
	return c.flush()
}

// Close writes the header where no record has.
func (c *csvTable) Close() error {
	c.begin()
	return c.flush()
}

func (c *csvTable) begin() {
	if !c.begun {
		c.begun = true
		c.row(c.header)
	}
}

// prediction takes rank, index, wnid, label, probability and logit as text.
func (c *csvTable) prediction(path string, rec *Record, columns ...string) []string {
	r := rec.Result
	row := append(make([]string, 0, len(c.header)), path)
	row = append(row, columns[:5]...)
	if c.style.Logits {
		row = append(row, columns[5])
	}
	if c.style.Damaged {
		row = append(row, strconv.FormatBool(r.Damaged))
	}
	if t := r.Timing; c.style.Timing {
		row = append(row, string(appendMillis(nil, t.Decode)), string(appendMillis(nil, t.Resize)),
			string(appendMillis(nil, t.Model)), string(appendMillis(nil, t.Total)))
	}
	if c.style.Timing && c.style.Scaled {
		row = append(row, scaleText(r.Timing.Scale))
	}
	if e := c.style.Engine; e != nil {
		row = append(row, e.Version, e.Tier, e.ModelSHA256)
	}
	if c.style.Check {
		row = append(row, verdictColumns(rec.Check)...)
	}
	return append(row, "")
}

// verdictColumns are true or false, and the names of the rules that failed.
func verdictColumns(v *check.Verdict) []string {
	if v == nil {
		return []string{"", ""}
	}
	var failed []string
	for _, r := range v.Results {
		if !r.Passed {
			failed = append(failed, r.Rule)
		}
	}
	return []string{strconv.FormatBool(v.Passed), strings.Join(failed, ";")}
}

// row cannot fail: the csv.Writer writes to memory.
func (c *csvTable) row(fields []string) { _ = c.rows.Write(fields) }

func (c *csvTable) flush() error {
	c.rows.Flush()
	if c.buf.Len() == 0 {
		return nil
	}
	_, err := c.w.Write(c.buf.Bytes())
	c.buf.Reset()
	return err
}
