package check

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// Rules are what one picture is held to. A label is the name of a class, a
// synonym, a WordNet id, an index or a group of WordNet, in this order; a name
// of two classes means either.
type Rules struct {
	Expect []string // the top class must be one of these
	TopK   *int     // so many top classes, of which one must be expected; nil: 1
	// MinProb is what the expected classes must have together, or the top class
	// where none is expected; nil: not asked.
	MinProb   *float64
	Reject    []string // the top class must be none of these, whatever TopK
	MinMargin *float64 // between the top class and the second; nil: not asked
}

// fixed holds every picture to the same rules.
type fixed struct {
	labels   []weights.Label
	top      int    // of Expect
	expected []bool // [classes], nil where nothing is expected
	rejected []bool // [classes], nil where nothing is rejected
	name     string // of the entry of a rules file

	wantExpect, wantProb, wantReject, wantMargin string
	minProb, minMargin                           float64 // where their wants are not empty
}

// Compile makes a judge that holds every picture to r, for a model with the
// given labels. Unknown labels, numbers out of range and rules that ask for
// nothing are a *classify.UsageError.
func Compile(r Rules, labels []weights.Label) (Judge, error) {
	f, err := compile(r, labels)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func compile(r Rules, labels []weights.Label) (*fixed, error) {
	if err := r.validate(len(labels)); err != nil {
		return nil, err
	}
	f := &fixed{labels: labels, top: 1}
	if r.TopK != nil {
		f.top = *r.TopK
	}
	var err error
	if f.expected, f.wantExpect, err = mark(r.Expect, labels); err != nil {
		return nil, err
	}
	if f.rejected, f.wantReject, err = mark(r.Reject, labels); err != nil {
		return nil, err
	}
	if f.rejected != nil {
		f.wantReject = "not " + f.wantReject
	}
	if r.MinProb != nil {
		f.minProb, f.wantProb = *r.MinProb, atLeast(*r.MinProb)
	}
	if r.MinMargin != nil {
		f.minMargin, f.wantMargin = *r.MinMargin, atLeast(*r.MinMargin)
	}
	return f, nil
}

// validate holds everything but the labels to its range.
func (r *Rules) validate(classes int) error {
	named := len(r.Expect)+len(r.Reject) > 0
	switch {
	case !named && r.MinProb == nil && r.MinMargin == nil:
		return usage("nothing to check: neither a label nor a probability is given")
	case r.TopK != nil && len(r.Expect) == 0:
		return usage("a number of top classes, but no expected label")
	case r.TopK != nil && (*r.TopK < 1 || *r.TopK > classes):
		return usage("the number of top classes must be from 1 to %d, not %d", classes, *r.TopK)
	case r.MinProb != nil && !share(*r.MinProb):
		return usage("the least probability must be from 0 to 1, not %v", *r.MinProb)
	case r.MinMargin != nil && !share(*r.MinMargin):
		return usage("the least margin must be from 0 to 1, not %v", *r.MinMargin)
	case classes < 2 && r.MinMargin != nil:
		return usage("a margin needs two classes, and this model has one output")
	case classes < 2 && len(r.Reject) > 0, classes < 2 && named && r.MinProb == nil:
		return usage("the class of a model with one output is always on top: give its label and a least probability")
	}
	return nil
}

// mark gives the classes that any of names means, [classes], and how to call them.
func mark(names []string, labels []weights.Label) ([]bool, string, error) {
	if len(names) == 0 {
		return nil, "", nil
	}
	marked := make([]bool, len(labels))
	texts := make([]string, 0, len(names))
	for _, name := range names {
		t, err := resolve(name, labels)
		if err != nil {
			return nil, "", err
		}
		texts = append(texts, t.text)
		for _, i := range t.classes {
			marked[i] = true
		}
	}
	return marked, strings.Join(texts, " or "), nil
}

// share tells whether p is a fraction of 1; NaN is none.
func share(p float64) bool { return p >= 0 && p <= 1 }

func atLeast(p float64) string { return ">= " + strconv.FormatFloat(p, 'f', -1, 64) }

// probabilityText has six decimals, or more where fewer would hide that p is below least.
func probabilityText(p, least float64) string {
	text := strconv.FormatFloat(p, 'f', 6, 64)
	if shown, err := strconv.ParseFloat(text, 64); err == nil && p < least && shown >= least && !math.IsNaN(p) {
		return strconv.FormatFloat(p, 'f', -1, 64)
	}
	return text
}

func usage(format string, a ...any) error {
	return &classify.UsageError{Msg: fmt.Sprintf(format, a...)}
}

func (f *fixed) Meet(string) {}

func (f *fixed) Unseen() []string { return nil }
