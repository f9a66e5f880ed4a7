package check

import (
	"fmt"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// Compile makes a judge that holds each picture to its line, and to base in
// what the line leaves open. A picture that no line lists fails.
func (m *Manifest) Compile(base Rules, labels []weights.Label) (Judge, error) {
	j := &listed{places: m.places.complete(), rows: make([]*fixed, len(m.rows))}
	same := map[string]*fixed{}
	for i := range m.rows {
		rules := base.under(m.rows[i].rules)
		key := rules.key()
		f, ok := same[key]
		if !ok {
			var err error
			if f, err = compile(rules, labels); err != nil {
				return nil, inFile(m.name, m.rows[i].line, err)
			}
			same[key] = f
		}
		j.rows[i] = f
	}
	return j, nil
}

// under gives what over asks for, and what r asks for where over does not.
func (r *Rules) under(over Rules) Rules {
	if over.Expect == nil {
		over.Expect = r.Expect
	}
	if over.TopK == nil && len(over.Expect) > 0 {
		over.TopK = r.TopK
	}
	if over.MinProb == nil {
		over.MinProb = r.MinProb
	}
	if over.Reject == nil {
		over.Reject = r.Reject
	}
	if over.MinMargin == nil {
		over.MinMargin = r.MinMargin
	}
	return over
}

// key is equal for equal rules alone.
func (r *Rules) key() string {
	b := fmt.Appendf(nil, "%q %q", r.Expect, r.Reject)
	if r.TopK != nil {
		b = fmt.Appendf(b, " k%d", *r.TopK)
	}
	if r.MinProb != nil {
		b = fmt.Appendf(b, " p%v", *r.MinProb)
	}
	if r.MinMargin != nil {
		b = fmt.Appendf(b, " m%v", *r.MinMargin)
	}
	return string(b)
}

// listed holds each picture to its line of a manifest.
type listed struct {
	*places
	rows []*fixed
}

func (l *listed) Verdict(path string, r *classify.Result) Verdict {
	i, ok := l.find(path)
	if !ok {
		return verdict([]Result{{Rule: Listed, Want: "listed", Got: "not listed"}})
	}
	return l.rows[i].Verdict(path, r)
}
