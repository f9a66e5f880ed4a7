package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/effnet/effnet/pkg/classify"
)

// csvTable writes one row a prediction, and one row with the error alone where an
// input failed.
type csvTable struct {
	w      io.Writer
	style  Style
	buf    bytes.Buffer
	rows   *csv.Writer
	header []string
	begun  bool
}

func newCSV(w io.Writer, s Style) Writer {
	c := &csvTable{w: w, style: s, header: []string{"path", "rank", "index", "wnid", "label", "probability"}}
	c.rows = csv.NewWriter(&c.buf)
	if s.Logits {
		c.header = append(c.header, "logit")
	}
	if s.Damaged {
		c.header = append(c.header, "damaged")
	}
	if s.Timing {
		c.header = append(c.header, "decode_ms", "resize_ms", "model_ms", "total_ms")
	}
	if s.Engine != nil {
		c.header = append(c.header, "engine_version", "engine_tier", "engine_model_sha256")
	}
	c.header = append(c.header, "error")
	return c
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
		c.row(c.prediction(path, r.Result, &r.Result.Predictions[i]))
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

func (c *csvTable) prediction(path string, r *classify.Result, p *classify.Prediction) []string {
	row := append(make([]string, 0, len(c.header)), path, strconv.Itoa(p.Rank), strconv.Itoa(p.Index),
		p.WNID, p.Label, string(appendProbability(nil, p.Probability)))
	if c.style.Logits {
		row = append(row, string(appendLogit(nil, p.Logit)))
	}
	if c.style.Damaged {
		row = append(row, strconv.FormatBool(r.Damaged))
	}
	if t := r.Timing; c.style.Timing {
		row = append(row, string(appendMillis(nil, t.Decode)), string(appendMillis(nil, t.Resize)),
			string(appendMillis(nil, t.Model)), string(appendMillis(nil, t.Total)))
	}
	if e := c.style.Engine; e != nil {
		row = append(row, e.Version, e.Tier, e.ModelSHA256)
	}
	return append(row, "")
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
