package check

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// DefaultEpsilon is how far a probability may drift from the baseline's.
const DefaultEpsilon = 0.05

// Baseline is the top class of each picture of an earlier run.
type Baseline struct {
	places places
	tops   []top // [places]
}

// top is the best class of one picture.
type top struct {
	wnid, label string
	micros      int64 // probability in millionths, as records print it
}

// Add enters a picture with the predictions of its record, of which the first
// must be of rank 1; a path that is there already is an error, too.
func (b *Baseline) Add(path string, predictions []classify.Prediction) error {
	if len(predictions) == 0 || predictions[0].Rank != 1 {
		return usage("%q: the record lacks the top class: a baseline is made without --class and --min-prob", path)
	}
	p := predictions[0]
	if !share(p.Probability) {
		return usage("%q: the probability %v is not from 0 to 1", path, p.Probability)
	}
	if _, twice := b.places.add(path); twice {
		return usage("%q is in the baseline twice", path)
	}
	b.tops = append(b.tops, top{p.WNID, p.Label, micros(p.Probability)})
	return nil
}

// Len is the number of pictures.
func (b *Baseline) Len() int { return len(b.tops) }

// Compile makes a judge that fails a picture whose top class is another than
// in the baseline, whose probability is off by more than epsilon, or that is
// not in it. The baseline must not grow afterwards.
func (b *Baseline) Compile(epsilon float64, labels []weights.Label) (Judge, error) {
	if !share(epsilon) {
		return nil, usage("the drift allowed must be from 0 to 1, not %v", epsilon)
	}
	return &drift{
		places: b.places.complete(), tops: b.tops, labels: labels, epsilon: epsilon,
		text: strconv.FormatFloat(epsilon, 'f', -1, 64),
	}, nil
}

// drift holds pictures to a baseline.
type drift struct {
	*places
	tops    []top
	labels  []weights.Label
	epsilon float64
	text    string // of epsilon
}

func (d *drift) Verdict(path string, r *classify.Result) Verdict {
	i, ok := d.find(path)
	if !ok {
		return verdict([]Result{{Rule: Drift, Want: "in the baseline", Got: "not in the baseline"}})
	}
	was := d.tops[i]
	o, wrong := newOutputs(r, len(d.labels))
	if wrong != "" {
		return verdict([]Result{{Rule: Drift, Want: was.label, Got: wrong}})
	}
	best := o.after(-1)
	now := d.labels[best]
	if now.Name != was.label || now.WNID != was.wnid {
		got := now.Name
		if got == was.label {
			got += " (" + orNone(now.WNID) + ", not " + orNone(was.wnid) + ")"
		}
		return verdict([]Result{{Rule: Drift, Want: was.label, Got: got}})
	}
	p := o.probability(best)
	return verdict([]Result{{
		Rule: Drift, Want: millionths(was.micros) + " ± " + d.text, Got: millionths(micros(p)),
		Passed: d.within(micros(p) - was.micros),
	}})
}

// within compares in millionths, the unit of the records, so that a drift of
// exactly epsilon passes.
func (d *drift) within(micros int64) bool {
	return math.Abs(float64(micros)) <= d.epsilon*1e6*(1+1e-9)
}

// micros rounds as records do; p is from 0 to 1.
func micros(p float64) int64 {
	n, err := strconv.ParseInt(strings.Replace(strconv.FormatFloat(p, 'f', 6, 64), ".", "", 1), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func millionths(micros int64) string { return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6) }

func orNone(wnid string) string {
	if wnid == "" {
		return "no WordNet id"
	}
	return wnid
}
