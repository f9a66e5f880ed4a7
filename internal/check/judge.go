package check

import (
	"math"
	"strings"

	"github.com/effnet/effnet/pkg/classify"
)

// outputs are the logits of one picture, with what all probabilities share.
type outputs struct {
	logits       []float32 // [classes]
	largest, sum float64   // of the softmax
}

// newOutputs reads the logits of so many classes; wrong says why that cannot be.
func newOutputs(r *classify.Result, classes int) (o outputs, wrong string) {
	if len(r.Logits) != classes || classes == 0 {
		return o, "no logits"
	}
	o = outputs{logits: r.Logits, largest: math.Inf(-1)}
	for _, l := range r.Logits {
		o.largest = max(o.largest, float64(l))
	}
	for _, l := range r.Logits {
		o.sum += math.Exp(float64(l) - o.largest)
	}
	if math.IsNaN(o.sum) {
		return o, "NaN or infinity"
	}
	return o, ""
}

// probability of class i, as classify.Result.Probabilities has it.
func (o *outputs) probability(i int) float64 {
	if len(o.logits) == 1 {
		return 1 / (1 + math.Exp(-float64(o.logits[0])))
	}
	return math.Exp(float64(o.logits[i])-o.largest) / o.sum
}

// together is the probability of all marked classes.
func (o *outputs) together(marked []bool) float64 {
	sum := 0.0
	for i, in := range marked {
		if in {
			sum += o.probability(i)
		}
	}
	return min(sum, 1)
}

// after is the best class below class i, -1 is above all; ties go to the lower index.
func (o *outputs) after(i int) int {
	best := -1
	for j, l := range o.logits {
		if i >= 0 && (l > o.logits[i] || l == o.logits[i] && j <= i) {
			continue
		}
		if best < 0 || l > o.logits[best] {
			best = j
		}
	}
	return best
}

func (f *fixed) Verdict(_ string, r *classify.Result) Verdict {
	o, wrong := newOutputs(r, len(f.labels))
	if wrong != "" {
		return f.unjudged(wrong)
	}
	top := o.after(-1)
	results := make([]Result, 0, 4)
	if f.expected != nil {
		results = append(results, f.expect(&o, top))
	}
	if f.wantProb != "" {
		p := o.probability(top)
		if f.expected != nil {
			p = o.together(f.expected)
		}
		results = append(results, f.atLeast(MinProb, f.wantProb, p, f.minProb))
	}
	if f.rejected != nil {
		results = append(results, Result{f.name, Reject, f.wantReject, f.labels[top].Name, !f.rejected[top]})
	}
	if f.wantMargin != "" {
		margin := o.probability(top) - o.probability(o.after(top))
		results = append(results, f.atLeast(MinMargin, f.wantMargin, margin, f.minMargin))
	}
	return verdict(results)
}

// expect names as many of the top classes as one of which had to be expected.
func (f *fixed) expect(o *outputs, top int) Result {
	r := Result{Name: f.name, Rule: Expect, Want: f.wantExpect, Got: f.labels[top].Name, Passed: f.expected[top]}
	if f.top == 1 {
		return r
	}
	var got strings.Builder
	got.WriteString(r.Got)
	for range f.top - 1 {
		top = o.after(top)
		got.WriteString(", ")
		got.WriteString(f.labels[top].Name)
		r.Passed = r.Passed || f.expected[top]
	}
	r.Got = got.String()
	return r
}

func (f *fixed) atLeast(rule, want string, p, least float64) Result {
	return Result{f.name, rule, want, probabilityText(p, least), p >= least}
}

// unjudged fails the first rule that there is: what cannot be judged never passes.
func (f *fixed) unjudged(got string) Verdict {
	for _, r := range []Result{
		{Rule: Expect, Want: f.wantExpect}, {Rule: MinProb, Want: f.wantProb},
		{Rule: Reject, Want: f.wantReject}, {Rule: MinMargin, Want: f.wantMargin},
	} {
		if r.Want != "" {
			r.Name, r.Got = f.name, got
			return verdict([]Result{r})
		}
	}
	return Verdict{}
}
