package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/effnet/effnet/pkg/classify"
)

// codec reads the records of one style back from what its writer wrote.
type codec struct {
	style  *Style
	header []byte // what the document begins with
	csv    *csvReader
	text   bytes.Buffer
	write  Writer // to text
}

// newCodec takes jsonl or csv.
func newCodec(format string, s *Style) *codec {
	c := &codec{style: s}
	c.write = New(format, &c.text, *s)
	if format == "csv" {
		c.csv = &csvReader{style: s, header: csvHeader(s)}
		_ = c.write.Close()
		c.header = bytes.Clone(c.text.Bytes())
	}
	return c
}

// encode gives the bytes of a record, valid until the next call.
func (c *codec) encode(r Record) []byte {
	c.text.Reset()
	_ = c.write.Write(r)
	return c.text.Bytes()
}

// decode reads the record that raw holds, and nothing besides.
func (c *codec) decode(raw []byte) (*entry, error) {
	if c.csv == nil {
		return decodeJSON(bytes.TrimSuffix(raw, []byte{'\n'}))
	}
	var rows [][]string
	_, err := scanLines(bytes.NewReader(raw), true, func(_ int64, line []byte, _ bool) error {
		row, err := c.csv.row(line)
		rows = append(rows, row)
		return err
	})
	if err == nil && len(rows) == 0 {
		err = errors.New("no row")
	}
	if err != nil {
		return nil, err
	}
	return c.csv.decode(rows)
}

// reusable tells whether a record can stand for the same input in another run: not what
// was read from standard input or could not be read at all, and in csv neither a failure,
// whose kind is lost, nor a name that another may look like.
func (c *codec) reusable(e *entry) bool {
	unread := e.Err != nil && (e.Err.Kind == classify.KindRead || e.Err.Kind == classify.KindInternal)
	if e.Path == "-" || unread || c.csv != nil && (e.Err != nil || strings.ContainsRune(e.Path, utf8.RuneError)) {
		return false
	}
	return e.Err == nil || !c.style.Damaged || e.Err.Kind != "decode"
}

// scan calls each with the whole records of a document that may be torn at its end. It
// returns where they end. A record that this run would have written otherwise is an error.
func (c *codec) scan(r io.Reader, each func(at int64, raw []byte, e *entry)) (end int64, err error) {
	one := func(at int64, raw []byte) error {
		e, err := c.decode(raw)
		if err == nil {
			err = c.fits(e, raw)
		}
		if err != nil {
			return err
		}
		each(at, raw, e)
		end = at + int64(len(raw))
		return nil
	}
	if c.csv != nil {
		err = c.scanCSV(r, one, &end)
		return end, err
	}
	n := 0
	_, err = scanLines(r, false, func(at int64, line []byte, whole bool) error {
		if n++; !whole {
			return nil
		}
		if err := one(at, line[:len(line)+1]); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		return nil
	})
	return end, err
}

// scanCSV calls one with the rows of each record. The last ones are left out where more
// of the record might have followed.
func (c *codec) scanCSV(r io.Reader, one func(at int64, raw []byte) error, end *int64) error {
	var rows int
	var start int64
	var raw []byte
	var before []string
	n := 0
	flush := func() error {
		if rows == 0 {
			return nil
		}
		if err := one(start, raw); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		return nil
	}
	_, err := scanLines(r, true, func(at int64, line []byte, whole bool) error {
		if !whole {
			return nil
		}
		line = line[:len(line)+1]
		if at == 0 {
			if !bytes.Equal(line, c.header) {
				return fmt.Errorf("it has the columns %s, now they are %s",
					Quote(strings.TrimSpace(string(line))), strings.TrimSpace(string(c.header)))
			}
			*end = int64(len(line))
			return nil
		}
		row, err := c.csv.row(line[:len(line)-1])
		if err != nil {
			return fmt.Errorf("row %d: %w", n+1, err)
		}
		if rows == 0 || !c.csv.sameRecord(before, row) {
			if err := flush(); err != nil {
				return err
			}
			rows, start, raw = 0, at, raw[:0]
		}
		if len(raw)+len(line) > maxLine {
			return errLongLine
		}
		n, rows, raw, before = n+1, rows+1, append(raw, line...), row
		return nil
	})
	if err != nil || rows == 0 {
		return err
	}
	alone := before[1] == "" // a failure, or a verdict on nothing
	if alone || rows == c.style.Top {
		return flush()
	}
	return nil
}

// fits says how a record differs from what this run would have written.
func (c *codec) fits(e *entry, raw []byte) error {
	s := c.style
	differs := func(what, was, is string) error {
		return fmt.Errorf("it was made with %s %s, now it is %s", what, Quote(was), Quote(is))
	}
	asked := func(flag string, was, is bool) error {
		return fmt.Errorf("it was made %s %s, now it is %s", with(was), flag, with(is))
	}
	if e.model != s.Model {
		return differs("the model", e.model, s.Model)
	}
	if e.Err == nil {
		n := len(e.Result.Predictions)
		switch {
		case e.body != s.Body:
			return errors.New("it was made by another command")
		case s.Body == Embedding && len(e.Result.Embedding) != s.Features:
			return fmt.Errorf("it has an embedding of %d values, now they are %d", len(e.Result.Embedding), s.Features)
		case s.Body == Predictions && e.precision != s.Precision:
			return differs("the precision", e.precision, s.Precision)
		case e.timing != s.Timing:
			return asked("--timing", e.timing, s.Timing)
		case (e.engine != nil) != (s.Engine != nil):
			return asked("--provenance", e.engine != nil, s.Engine != nil)
		case n > 0 && e.logits != s.Logits:
			return asked("--logits", e.logits, s.Logits)
		case e.Result.Damaged && !s.Damaged:
			return asked("--lenient", true, false)
		case e.Result.Timing.Scale > 1 && !s.Scaled:
			return asked("--scaled", true, false)
		case e.engine != nil && *e.engine != *s.Engine:
			return differs("the engine", fmt.Sprint(*e.engine), fmt.Sprint(*s.Engine))
		case s.Top > 0 && n != s.Top:
			return fmt.Errorf("it has %d predictions of a picture, now they are %d", n, s.Top)
		case (e.Check != nil) != s.Check:
			return fmt.Errorf("it was made %s a check, now it is %s", with(e.Check != nil), with(s.Check))
		}
		if s.Fits != nil {
			if err := s.Fits(e.Record); err != nil {
				return err
			}
		}
	}
	if !bytes.Equal(c.encode(e.Record), raw) {
		return errors.New("it was written in another way, perhaps by another version")
	}
	return nil
}

func with(asked bool) string {
	if asked {
		return "with"
	}
	return "without"
}
