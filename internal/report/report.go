// Package report writes classified pictures in many formats, to files that take their
// name when they are whole, and reads back what an interrupted run left of them.
package report

import (
	"io"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/explain"
	"github.com/effnet/effnet/pkg/similar"
)

// SchemaName names the form of the records.
const SchemaName = "effnet/v1"

// Formats lists what holds the records whole, the default first.
var Formats = []string{"table", "json", "jsonl", "csv", "parquet"}

// ReportFormats lists all that New knows.
var ReportFormats = append(Formats[:len(Formats):len(Formats)], "junit", "github", "gitlab", "sarif", "markdown")

// EmbeddingFormats lists what holds records of embeddings, the default first.
// "npy" is known to OpenFile and Resume alone.
var EmbeddingFormats = []string{"jsonl", "json", "npy", "parquet"}

// Templated is the format of --format-string, known to New where the style has a template.
const Templated = "template"

// writers makes the writer of each of ReportFormats.
var writers = map[string]func(io.Writer, Style) Writer{
	"table":   newTable,
	"json":    newJSONArray,
	"jsonl":   newJSONLines,
	"csv":     newCSV,
	"parquet": newParquet,

	"junit":    newJUnit,
	"github":   newGitHub,
	"gitlab":   newGitLab,
	"sarif":    newSARIF,
	"markdown": newMarkdown,
}

// Record is one input and what became of it.
type Record struct {
	Path   string
	Result *classify.Result // nil where Err is not
	Err    *classify.Error
	Check  *check.Verdict // nil: not checked

	Nearest []similar.Match // in records of that body
	Maps    *explain.Record // in records of that body, instead of Result
}

// Body is what the record of a picture tells of it.
type Body int

// The bodies. Template and the formats that are not in Formats have predictions alone.
const (
	Predictions Body = iota
	Embedding        // json, jsonl, npy, parquet
	Nearest          // json, jsonl, table: the embeddings most alike
	Maps             // json, jsonl: what speaks for labels
)

// Engine says what computed the records.
type Engine struct{ Version, Tier, ModelSHA256 string }

// Style is what all records of a run have in common.
type Style struct {
	Model, Precision string
	Body             Body
	Features         int       // embeddings: values of each
	Logits, Timing   bool      // columns asked for
	Scaled           bool      // pictures may be decoded at a fraction of their size: with Timing csv and parquet get a column that tells
	Damaged          bool      // damaged pictures are classified: csv gets a column that tells
	Check            bool      // every result has a verdict: csv gets columns for it
	Engine           *Engine   // nil: not asked for
	Color            bool      // table: with ANSI colours
	Columns          int       // table: width of the terminal, 0 where there is none
	HideErrors       bool      // table: without failed inputs, whose messages are on the same screen
	Template         *Template // template: what a record looks like

	// Top is the number of predictions that every result has, 0 where it varies, as with
	// chosen classes or a least probability. Resume needs it to tell whole records.
	Top int
	// Fits says, where Resume asks, how an earlier result differs from what this run would
	// give of the same picture; nil: nothing is known beyond what the style tells.
	Fits func(Record) error
}

// Writer writes records in one format. Write hands a record to the underlying writer
// whole, in one call, but for parquet, where many records are written together; Close
// ends the document and leaves the underlying writer open.
type Writer interface {
	Write(r Record) error
	Close() error
}

// New returns the writer of Templated or of a format in ReportFormats, nil for any other.
func New(format string, w io.Writer, s Style) Writer {
	if format == Templated && s.Template != nil {
		return NewTemplated(s.Template, w, s)
	}
	if make, ok := writers[format]; ok {
		return make(w, s)
	}
	return nil
}
