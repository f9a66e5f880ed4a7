package report

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
)

// splitCSV appends the fields of one row, given without its line end, to fields.
func splitCSV(fields []string, row []byte) ([]string, error) {
	for {
		field, rest, err := cutCSV(row)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
		if rest == nil {
			return fields, nil
		}
		row = rest
	}
}

// cutCSV gives the first field and what follows its comma, nil where it is the last.
func cutCSV(row []byte) (field string, rest []byte, err error) {
	if len(row) == 0 || row[0] != '"' {
		before, after, more := bytes.Cut(row, []byte{','})
		if bytes.IndexByte(before, '"') >= 0 {
			return "", nil, errors.New("a bare quotation mark")
		}
		if !more {
			return string(before), nil, nil
		}
		return string(before), after[:len(after):len(after)], nil
	}
	var text []byte
	for row = row[1:]; ; {
		before, after, closed := bytes.Cut(row, []byte{'"'})
		text = append(text, before...)
		switch {
		case !closed:
			return "", nil, errors.New("an open quotation mark")
		case len(after) == 0:
			return string(text), nil, nil
		case after[0] == ',':
			return string(text), after[1:], nil
		case after[0] != '"':
			return "", nil, errors.New("text after a quotation mark")
		}
		text, row = append(text, '"'), after[1:]
	}
}

// csvReader turns rows into records, in the columns of one style.
type csvReader struct {
	style  *Style
	header []string
}

func (c *csvReader) column(row []string, name string) string {
	if i := slices.Index(c.header, name); i >= 0 {
		return row[i]
	}
	return ""
}

// sameRecord tells whether a row goes on where the row before it stopped: csv has no
// other sign of where a record ends.
func (c *csvReader) sameRecord(before, row []string) bool {
	if before[0] != row[0] || c.column(before, "error") != "" || c.column(row, "error") != "" {
		return false
	}
	last, err1 := strconv.Atoi(before[1])
	next, err2 := strconv.Atoi(row[1])
	return err1 == nil && err2 == nil && last < next
}

// decode reads the rows of one record. An error has no kind in csv; it is given as
// internal.
func (c *csvReader) decode(rows [][]string) (*entry, error) {
	first := rows[0]
	e := &entry{model: c.style.Model, precision: c.style.Precision, logits: c.style.Logits}
	e.Path = first[0]
	if text := c.column(first, "error"); text != "" {
		e.Err = &classify.Error{Kind: classify.KindInternal, Err: errors.New(text)}
		return e, nil
	}
	e.Result = &classify.Result{}
	if err := c.resultInto(e, first); err != nil {
		return nil, err
	}
	if len(rows) == 1 && first[1] == "" {
		return e, nil
	}
	for _, row := range rows {
		p, err := c.prediction(row)
		if err != nil {
			return nil, err
		}
		e.Result.Predictions = append(e.Result.Predictions, p)
	}
	return e, nil
}

// result reads what every row of a record repeats.
func (c *csvReader) resultInto(e *entry, row []string) (err error) {
	if c.style.Damaged {
		if e.Result.Damaged, err = strconv.ParseBool(c.column(row, "damaged")); err != nil {
			return err
		}
	}
	if c.style.Timing {
		t := &e.Result.Timing
		for i, d := range []*time.Duration{&t.Decode, &t.Resize, &t.Model, &t.Total} {
			ms, err := strconv.ParseFloat(row[slices.Index(c.header, "decode_ms")+i], 64)
			if err == nil {
				err = setMillis(d, ms)
			}
			if err != nil {
				return err
			}
		}
		e.timing = true
	}
	if c.style.Timing && c.style.Scaled {
		if e.Result.Timing.Scale, err = parseScale(c.column(row, "scale")); err != nil {
			return err
		}
	}
	if c.style.Engine != nil {
		e.engine = &Engine{
			Version: c.column(row, "engine_version"), Tier: c.column(row, "engine_tier"),
			ModelSHA256: c.column(row, "engine_model_sha256"),
		}
	}
	if passed := c.column(row, "passed"); passed != "" {
		e.Check = &check.Verdict{}
		if e.Check.Passed, err = strconv.ParseBool(passed); err != nil {
			return err
		}
		if failed := c.column(row, "failed"); failed != "" {
			for _, rule := range strings.Split(failed, ";") {
				e.Check.Results = append(e.Check.Results, check.Result{Rule: rule})
			}
		}
	}
	return nil
}

func (c *csvReader) prediction(row []string) (p classify.Prediction, err error) {
	var errs [4]error
	p.WNID, p.Label = row[3], row[4]
	p.Rank, errs[0] = strconv.Atoi(row[1])
	p.Index, errs[1] = strconv.Atoi(row[2])
	p.Probability, errs[2] = strconv.ParseFloat(row[5], 64)
	if c.style.Logits {
		var v float64
		v, errs[3] = strconv.ParseFloat(c.column(row, "logit"), 32)
		p.Logit = float32(v)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return p, fmt.Errorf("no prediction: %w", err)
	}
	return p, checkPrediction(&p)
}

// row splits a row, which has as many fields as the header.
func (c *csvReader) row(line []byte) ([]string, error) {
	row, err := splitCSV(make([]string, 0, len(c.header)), line)
	if err == nil && len(row) != len(c.header) {
		err = fmt.Errorf("%d fields under %d columns", len(row), len(c.header))
	}
	return row, err
}
