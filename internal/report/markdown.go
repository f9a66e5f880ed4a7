package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

const (
	maxSummary = 1 << 20 // bytes that GitHub shows of a step's summary
	aroundRows = 1 << 10 // of them for heading and end
)

// markdown writes a table of all pictures, those that failed first, at Close.
type markdown struct {
	w                      io.Writer
	row                    bytes.Buffer
	bad, good              rows
	failed, broken, passed int
	checked                bool
}

// rows are lines of the table, as many as there is room for.
type rows struct {
	text bytes.Buffer
	n    int // lines of text
}

func newMarkdown(w io.Writer, s Style) Writer { return &markdown{w: w, checked: s.Check} }

func (m *markdown) Write(r Record) error {
	m.checked = m.checked || r.Check != nil
	m.row.Reset()
	switch {
	case r.Err != nil:
		m.broken++
		m.line("**error**", r.Path, "", cell(r.Err.Error()))
		m.bad.add(m.row.Bytes(), 0)
	case r.Check != nil && !r.Check.Passed:
		m.failed++
		m.results("**failed**", r)
		m.bad.add(m.row.Bytes(), 0)
	default:
		m.passed++
		m.results("passed", r)
		m.good.add(m.row.Bytes(), m.bad.text.Len())
	}
	return nil
}

// add takes a line if it fits beside others of so many bytes.
func (r *rows) add(line []byte, others int) {
	if r.text.Len()+others+len(line) <= maxSummary-aroundRows {
		r.text.Write(line)
		r.n++
	}
}

// results has a line a rule within the cells; of a picture that passes, or is not
// checked, the top class.
func (m *markdown) results(state string, r Record) {
	var want, got []string
	if r.Check != nil {
		for _, res := range r.Check.Results {
			mark := ""
			if !res.Passed && len(r.Check.Results) > 1 {
				mark = " ✗"
			}
			name := res.Rule
			if res.Name != "" {
				name = res.Name + ": " + name
			}
			want = append(want, cell(name+": "+res.Want))
			got = append(got, cell(res.Got)+mark)
		}
	}
	if len(got) == 0 && r.Result != nil && len(r.Result.Predictions) > 0 {
		got = append(got, cell(topText(r)))
	}
	m.line(state, r.Path, strings.Join(want, "<br>"), strings.Join(got, "<br>"))
}

func (m *markdown) line(state, path, want, got string) {
	fmt.Fprintf(&m.row, "| %s | %s | %s | %s |\n", state, cell(path), want, got)
}

// markup is written as entities, which nothing reads as markup, mention or address.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", "*", "&#42;",
	"_", "&#95;", "~", "&#126;", "[", "&#91;", "]", "&#93;", `\`, "&#92;", "!", "&#33;", "#", "&#35;", "@", "&#64;",
	"$", "&#36;", "://", "&#58;//", "www.", "www&#46;", "WWW.", "WWW&#46;")

func cell(s string) string { return markup.Replace(Escape(s)) }

func (m *markdown) Close() error {
	var b bytes.Buffer
	total := m.failed + m.broken + m.passed
	switch {
	case total == 0:
		b.WriteString("### effnet: no pictures\n")
	case m.checked:
		fmt.Fprintf(&b, "### effnet: %d failed, %d could not be classified, %d passed\n", m.failed, m.broken, m.passed)
	default:
		fmt.Fprintf(&b, "### effnet: %d classified, %d could not be\n", m.passed, m.broken)
	}
	if total > 0 {
		b.WriteString("\n| | picture | expected | got |\n|---|---|---|---|\n")
	}
	b.Write(m.bad.text.Bytes())
	shown := m.bad.n
	for line := range bytes.Lines(m.good.text.Bytes()) {
		if b.Len()+len(line) > maxSummary-aroundRows/2 {
			break
		}
		b.Write(line)
		shown++
	}
	if more := total - shown; more > 0 {
		fmt.Fprintf(&b, "\n%d more\n", more)
	}
	_, err := m.w.Write(b.Bytes())
	return err
}
