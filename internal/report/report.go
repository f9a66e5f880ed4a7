// Package report writes classified pictures as a table, JSON, JSON lines or CSV.
package report

import (
	"io"

	"github.com/effnet/effnet/pkg/classify"
)

// Schema names the form of the records.
const Schema = "effnet/v1"

// Formats lists what New knows, the default first.
var Formats = []string{"table", "json", "jsonl", "csv"}

// Record is one input and what became of it.
type Record struct {
	Path   string
	Result *classify.Result // nil where Err is not
	Err    *classify.Error
}

// Engine says what computed the records.
type Engine struct{ Version, Tier, ModelSHA256 string }

// Style is what all records of a run have in common.
type Style struct {
	Model, Precision string
	Logits, Timing   bool    // columns asked for
	Damaged          bool    // damaged pictures are classified: csv gets a column that tells
	Engine           *Engine // nil: not asked for
	Color            bool    // table: with ANSI colours
	Columns          int     // table: width of the terminal, 0 where there is none
	HideErrors       bool    // table: without failed inputs, whose messages are on the same screen
}

// Writer writes records in one format. Write hands a record to the underlying writer
// whole, in one call; Close ends the document and leaves the underlying writer open.
type Writer interface {
	Write(r Record) error
	Close() error
}

// New returns the writer of a format in Formats, nil for any other.
func New(format string, w io.Writer, s Style) Writer {
	switch format {
	case "table":
		return &table{w: w, style: s}
	case "json":
		return &jsonArray{w: w, style: s}
	case "jsonl":
		return &jsonLines{w: w, style: s}
	case "csv":
		return newCSV(w, s)
	}
	return nil
}
