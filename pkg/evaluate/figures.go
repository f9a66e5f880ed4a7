package evaluate

import (
	"cmp"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Schema names the form of Figures in JSON.
const Schema = "effnet/v1"

// Figures is what a tally comes to, for encoding/json. Shares are of 1; of
// nothing they are 0.
type Figures struct {
	Schema       string   `json:"schema"`
	Model        string   `json:"model"`
	Images       int      `json:"images"` // that were classified
	Errors       int      `json:"errors"`
	Top1         float64  `json:"top1"`
	Top1Interval Interval `json:"top1_interval"` // Wilson's, 95 %
	Top5         float64  `json:"top5"`
	Top5Interval Interval `json:"top5_interval"`
	Balanced     float64  `json:"balanced_accuracy"` // mean recall of the classes that have pictures
	MacroF1      float64  `json:"macro_f1"`          // mean F1 of these
	ECE          float64  `json:"ece"`
	NLL          float64  `json:"nll"`

	Calibration Calibration `json:"calibration"` // as the model is
	Tempered    Calibration `json:"tempered"`    // at the temperature of the least NLL
	Risk        Risk        `json:"risk"`

	PerClass  []ClassFigures `json:"per_class"` // in the order of the outputs
	Confusion Confusion      `json:"confusion"` // [actual][predicted]
	Mixups    []Mixup        `json:"mixups"`    // most frequent first, at most 100
	Mistakes  []Mistake      `json:"mistakes"`  // most confident first
	Compare   *Comparison    `json:"compare,omitempty"`
}

// ClassFigures are of one class, as scikit-learn defines them with
// zero_division=0.
type ClassFigures struct {
	Index     int     `json:"index"`
	WNID      string  `json:"wnid,omitempty"`
	Label     string  `json:"label"`
	Images    int     `json:"images"`
	Predicted int     `json:"predicted"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

const mostMixups = 100

// Figures sums up; more pictures may follow. Model is for the caller to set.
func (t *Tally) Figures() *Figures {
	f := &Figures{
		Schema: Schema, Images: t.pictures, Errors: t.errors,
		Top1: share(float64(t.top1), t.pictures), Top1Interval: Wilson(t.top1, t.pictures),
		Top5: share(float64(t.top5), t.pictures), Top5Interval: Wilson(t.top5, t.pictures),
		Calibration: t.own(), Tempered: t.best(), Risk: newRisk(t.sureness),
		PerClass:  make([]ClassFigures, len(t.labels)),
		Confusion: t.confusion.clone(), Mixups: t.mixups(mostMixups), Mistakes: t.mistakes.sorted(),
	}
	f.ECE, f.NLL = f.Calibration.ECE, f.Calibration.NLL
	present := 0
	for i, c := range t.classes {
		p := &f.PerClass[i]
		*p = ClassFigures{
			Index: i, WNID: t.labels[i].WNID, Label: t.labels[i].Name, Images: c.pictures, Predicted: c.predicted,
			Precision: share(float64(c.right), c.predicted), Recall: share(float64(c.right), c.pictures),
			F1: share(2*float64(c.right), c.pictures+c.predicted),
		}
		if c.pictures > 0 {
			present++
			f.Balanced += p.Recall
			f.MacroF1 += p.F1
		}
	}
	f.Balanced, f.MacroF1 = share(f.Balanced, present), share(f.MacroF1, present)
	for i := range f.Mistakes {
		m := &f.Mistakes[i]
		m.Label, m.As = t.labels[m.Class].Name, t.labels[m.Predicted].Name
	}
	return f
}

// Risk is how often a model errs when it may decline the pictures that it is
// least sure of.
type Risk struct {
	Area   float64     `json:"area"`   // mean of Risk over all coverages: lower is better
	Points []RiskPoint `json:"points"` // at most 100
}

// RiskPoint is the share of pictures above a probability, and of these that of
// wrong predictions.
type RiskPoint struct {
	Coverage   float64 `json:"coverage"`
	Risk       float64 `json:"risk"`
	Confidence float64 `json:"confidence"`
}

const riskPoints = 100

func newRisk(all []sureness) Risk {
	type one struct {
		p     float32
		right bool
	}
	list := make([]one, len(all))
	for i := range all {
		list[i] = one{all[i].own, all[i].right}
	}
	slices.SortStableFunc(list, func(a, b one) int { return cmp.Compare(b.p, a.p) })
	r := Risk{Points: []RiskPoint{}}
	wrong, n, next := 0, float64(len(list)), 1
	for start := 0; start < len(list); {
		end := start // of pictures that are equally sure: none is taken before another
		for end < len(list) && list[end].p == list[start].p {
			wrong += boolInt(!list[end].right)
			end++
		}
		risk := float64(wrong) / float64(end)
		r.Area += risk * float64(end-start) / n
		if end*riskPoints >= next*len(list) {
			r.Points = append(r.Points, RiskPoint{float64(end) / n, risk, float64(list[start].p)})
			next = end*riskPoints/len(list) + 1
		}
		start = end
	}
	return r
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// WriteCSV writes the figures of each class, with a header.
func (f *Figures) WriteCSV(w io.Writer) error {
	rows := csv.NewWriter(w)
	share := func(v float64) string { return strconv.FormatFloat(v, 'f', 6, 64) }
	_ = rows.Write([]string{"index", "wnid", "label", "images", "predicted", "precision", "recall", "f1"}) // Error tells
	for _, c := range f.PerClass {
		_ = rows.Write([]string{
			strconv.Itoa(c.Index), c.WNID, strings.ToValidUTF8(c.Label, "\uFFFD"), strconv.Itoa(c.Images), strconv.Itoa(c.Predicted),
			share(c.Precision), share(c.Recall), share(c.F1),
		})
	}
	rows.Flush()
	return rows.Error()
}
