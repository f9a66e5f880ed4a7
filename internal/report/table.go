package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/similar"
)

const (
	minLabel = 24 // columns of a label, so that short ones align from picture to picture
	maxBar   = 24 // columns of the bar of probability 1
	minBar   = 6  // a shorter one tells nothing
)

// table writes, for a person, a heading a picture and a line a prediction. A terminal
// gets bars, and colours if asked for.
type table struct {
	w     io.Writer
	style Style
	buf   bytes.Buffer
	begun bool
}

func newTable(w io.Writer, s Style) Writer { return &table{w: w, style: s} }

func (t *table) Write(r Record) error {
	if r.Err != nil && t.style.HideErrors {
		return nil
	}
	t.buf.Reset()
	if t.begun {
		t.buf.WriteByte('\n')
	}
	t.begun = true
	if t.style.Check {
		t.buf.WriteString(t.verdict(&r) + "  ")
	}
	t.buf.WriteString(t.paint(bold, Quote(r.Path)))
	if r.Err != nil {
		fmt.Fprintf(&t.buf, "\n  %s\n", t.paint(red, "error: "+Escape(r.Err.Error())))
	} else {
		t.result(&r)
	}
	_, err := t.w.Write(t.buf.Bytes())
	return err
}

func (t *table) Close() error { return nil }

// verdict is four columns wide, whatever it says.
func (t *table) verdict(r *Record) string {
	switch {
	case r.Err != nil:
		return t.paint(red, "ERR ")
	case r.Check == nil:
		return "    "
	case r.Check.Passed:
		return t.paint(green, "PASS")
	}
	return t.paint(red, "FAIL")
}

func (t *table) result(rec *Record) {
	r := rec.Result
	if r.Damaged {
		t.buf.WriteString("  " + t.paint(yellow, "damaged"))
	}
	t.buf.WriteByte('\n')
	if rec.Check != nil {
		t.failures(rec.Check)
	}
	switch {
	case t.style.Body == Nearest:
		t.nearest(rec.Nearest)
	case len(r.Predictions) == 0:
		t.buf.WriteString("  no prediction\n")
	default:
		t.predictions(r.Predictions)
	}
	if t.style.Timing {
		at := ""
		if r.Timing.Scale > 1 {
			at = " at " + scaleText(r.Timing.Scale)
		}
		t.note("decode%s %s, resize %s, model %s, total %s ms", at, millis(r.Timing.Decode), millis(r.Timing.Resize),
			millis(r.Timing.Model), millis(r.Timing.Total))
	}
	if e := t.style.Engine; e != nil {
		t.note("effnet %s, %s, model sha256 %s", e.Version, e.Tier, e.ModelSHA256)
	}
}

// failures says of each rule that failed what it wants and what the picture shows.
func (t *table) failures(v *check.Verdict) {
	for _, r := range v.Results {
		if !r.Passed {
			text := fmt.Sprintf("%s: want %s, got %s", Escape(r.Rule), Quote(r.Want), Quote(r.Got))
			if r.Name != "" {
				text = Escape(r.Name) + ": " + text
			}
			t.buf.WriteString("  " + t.paint(red, text) + "\n")
		}
	}
}

func (t *table) predictions(ps []classify.Prediction) {
	rank, label := 1, minLabel
	labels := make([]string, len(ps))
	for i, p := range ps {
		labels[i] = Quote(p.Label)
		rank, label = max(rank, len(fmt.Sprint(p.Rank))), max(label, columns(labels[i]))
	}
	const gaps, probability, logit = 6, 8, 14
	bar := t.style.Columns - 1 - gaps - rank - label - probability - 2
	for i, p := range ps {
		pad := strings.Repeat(" ", label-columns(labels[i]))
		fmt.Fprintf(&t.buf, "  %*d  %s%s  %s", rank, p.Rank, labels[i], pad, appendProbability(nil, p.Probability))
		if t.style.Logits {
			fmt.Fprintf(&t.buf, "  %*s", logit, appendLogit(nil, p.Logit))
		}
		room := bar
		if t.style.Logits {
			room -= logit + 2
		}
		if b := blocks(p.Probability, min(room, maxBar)); room >= minBar && b != "" {
			t.buf.WriteString("  " + t.paint(cyan, b))
		}
		t.buf.WriteByte('\n')
	}
}

// nearest has the number first: a path may be long.
func (t *table) nearest(ms []similar.Match) {
	if len(ms) == 0 {
		t.buf.WriteString("  none\n")
	}
	rank := len(fmt.Sprint(len(ms)))
	for i, m := range ms {
		fmt.Fprintf(&t.buf, "  %*d  %s  %s\n", rank, i+1, appendProbability(nil, m.Cosine), Quote(m.Name))
	}
}

func (t *table) note(format string, args ...any) {
	fmt.Fprintf(&t.buf, "  %s\n", t.paint(dim, fmt.Sprintf(format, args...)))
}

func millis(d time.Duration) string { return string(appendMillis(nil, d)) }

// blocks draws p of width columns in steps of an eighth.
func blocks(p float64, width int) string {
	const parts = " ▏▎▍▌▋▊▉"
	eighths := int(p*float64(width)*8 + 0.5)
	if width < 1 || eighths < 1 {
		return ""
	}
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune(parts)[rest])
	}
	return bar
}

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (t *table) paint(color, s string) string {
	if !t.style.Color {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}
