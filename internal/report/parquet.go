package report

import (
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// A row group is held in memory until it is whole; these bound it.
const (
	groupRows  = 1 << 16
	groupBytes = 4 << 20
)

// parquetFile writes one row a picture. The bytes depend on the records alone.
type parquetFile struct {
	columns []column
	w       *parquet.GenericWriter[any]
	row     parquet.Row
	rows    int
	bytes   int
}

func newParquet(w io.Writer, s Style) Writer {
	p := &parquetFile{columns: parquetColumns(&s)}
	p.w = parquet.NewGenericWriter[any](w, parquetSchema(p.columns),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.CreatedBy("effnet", "1", "0"),
		parquet.KeyValueMetadata(parquetKey, SchemaName),
		parquet.DataPageStatistics(true))
	return p
}

// parquetKey is where the metadata of a file name the schema of the records.
const parquetKey = "effnet.schema"

func (p *parquetFile) Write(r Record) error {
	p.row = p.row[:0]
	for i := range p.columns {
		p.add(&p.columns[i], i, &r)
	}
	if _, err := p.w.WriteRows([]parquet.Row{p.row}); err != nil {
		return err
	}
	p.rows++
	for _, v := range p.row {
		p.bytes += 8
		if v.Kind() == parquet.ByteArray {
			p.bytes += len(v.ByteArray())
		}
	}
	if p.rows < groupRows && p.bytes < groupBytes {
		return nil
	}
	p.rows, p.bytes = 0, 0
	return p.w.Flush()
}

// add appends the values of one column. An empty list is one null value that is not
// defined at the list's own level.
func (p *parquetFile) add(c *column, index int, r *Record) {
	n, defined := 1, 0
	if c.list != "" {
		n, defined = c.length(r), 1
		if n == 0 {
			p.row = append(p.row, parquet.NullValue().Level(0, 0, index))
		}
	}
	for i := range n {
		v := c.get(r, i)
		d := defined
		if c.node.Optional() && !v.IsNull() {
			d++
		}
		p.row = append(p.row, v.Level(min(i, 1), d, index))
	}
}

// length is the number of elements that r has of the column's list.
func (c *column) length(r *Record) int {
	switch {
	case c.list == "rules" && r.Check != nil:
		return len(r.Check.Results)
	case c.list == "predictions" && r.Result != nil:
		return len(r.Result.Predictions)
	case c.list == "embedding" && r.Result != nil:
		return len(r.Result.Embedding)
	}
	return 0
}

func (p *parquetFile) Close() error { return p.w.Close() }
