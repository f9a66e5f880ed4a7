package report

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// readParquet calls each with the records of a file that newParquet wrote, and with the
// style as far as a file tells it.
func readParquet(r io.ReaderAt, size int64, each func(e *entry, s *Style) error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("it is broken: %v", fault)
		}
	}()
	if err := checkFooter(r, size); err != nil {
		return err
	}
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	if err := checkPages(r, size, f); err != nil {
		return err
	}
	style, columns, err := parquetStyle(f)
	if err != nil {
		return err
	}
	var seen int64
	for _, group := range f.RowGroups() {
		n, err := readGroup(group, columns, func(e *entry) error { return each(e, style) })
		if err != nil {
			return err
		}
		seen += n
	}
	if seen != f.NumRows() {
		return errClaims
	}
	return nil
}

// parquetStyle finds the style whose schema the file has.
func parquetStyle(f *parquet.File) (*Style, []column, error) {
	if name, ok := f.Lookup(parquetKey); !ok || name != SchemaName {
		return nil, nil, errors.New("it was not written by effnet")
	}
	s := &Style{}
	for _, field := range f.Schema().Fields() {
		switch field.Name() {
		case "embedding":
			s.Body = Embedding
		case "decode_ms":
			s.Timing = true
		case "scale":
			s.Scaled = true
		case "engine_tier":
			s.Engine = &Engine{}
		case "passed":
			s.Check = true
		}
	}
	s.Logits = slices.ContainsFunc(f.Schema().Columns(), func(path []string) bool { return path[len(path)-1] == "logit" })
	columns := parquetColumns(s)
	if want := parquetSchema(columns); want.String() != f.Schema().String() {
		return nil, nil, errors.New("it has other columns than effnet writes")
	}
	return s, columns, nil
}

func readGroup(group parquet.RowGroup, columns []column, each func(*entry) error) (n int64, err error) {
	rows := group.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buffer := make([]parquet.Row, 16)
	for {
		got, err := rows.ReadRows(buffer)
		for _, row := range buffer[:got] {
			e, err := entryOf(row, columns)
			if err != nil {
				return n, err
			}
			if err := each(e); err != nil {
				return n, err
			}
			n++
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if got == 0 {
			return n, io.ErrNoProgress
		}
	}
}

// entryOf puts the values of a row where their columns say.
func entryOf(row parquet.Row, columns []column) (*entry, error) {
	e := &entry{}
	at, last := 0, -1
	for _, v := range row {
		i := v.Column()
		if i < 0 || i >= len(columns) {
			return nil, errors.New("a value without a column")
		}
		if c := &columns[i]; i != last {
			at, last = 0, i
		} else if at++; c.list == "" {
			return nil, errors.New("two values of a column in a row")
		}
		if v.IsNull() {
			continue
		}
		if err := columns[i].set(e, at, v); err != nil {
			return nil, err
		}
	}
	return e, e.whole()
}

// whole refuses what is neither a result nor a failure.
func (e *entry) whole() error {
	if e.Err != nil && e.Err.Err == nil {
		return errors.New("a failure without a message")
	}
	if (e.Err == nil) == (e.Result == nil) {
		return errors.New("a record with neither a result nor an error, or with both")
	}
	if e.Err != nil {
		e.precision = ""
		return nil
	}
	for i := range e.Result.Predictions {
		if err := checkPrediction(&e.Result.Predictions[i]); err != nil {
			return err
		}
	}
	return nil
}
