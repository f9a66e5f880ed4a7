package cli

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/effnet/effnet/internal/plot"
	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/train"
)

// trainDocument is what effnet train -f json prints.
type trainDocument struct {
	Schema      string     `json:"schema"`
	Model       string     `json:"model"`
	Variant     string     `json:"variant"`
	Resolution  int        `json:"resolution"`
	Classes     []string   `json:"classes"`
	Pictures    sideCount  `json:"images"`
	Skipped     int        `json:"skipped"`
	Both        int        `json:"in_both"` // validation pictures that are in training too
	Head        scoreJSON  `json:"head"`
	Epochs      []scoreRow `json:"epochs"`
	Best        int        `json:"best_epoch"` // 0: the head
	ValLoss     *figure    `json:"val_loss"`
	ValAccuracy *figure    `json:"val_accuracy"`
}

type scoreJSON struct {
	Loss        *figure `json:"loss"`
	Accuracy    *figure `json:"accuracy"`
	ValLoss     *figure `json:"val_loss"`
	ValAccuracy *figure `json:"val_accuracy"`
}

type scoreRow struct {
	Epoch int `json:"epoch"`
	scoreJSON
	Rate float64 `json:"lr"`
}

func scores(training, validation train.Score) (s scoreJSON) {
	s.Loss, s.Accuracy = scoreNumbers(training)
	s.ValLoss, s.ValAccuracy = scoreNumbers(validation)
	return s
}

// print writes the summary to standard output.
func (r *trainRun) print(s Streams) error {
	if r.o.Format == "json" {
		return writeJSON(s.Out, r.document())
	}
	return written(s.Out.Write(r.table(columns(s.Out) > 0 && colorful())))
}

func (r *trainRun) document() trainDocument {
	t := r.result
	d := trainDocument{
		Schema: report.SchemaName, Model: r.o.Output, Variant: t.Model.Variant, Resolution: t.Model.Profile.Resolution,
		Classes: t.Dataset.Classes, Pictures: sideCount{len(t.Dataset.Training), len(t.Dataset.Validation)},
		Skipped: len(t.Dataset.Bad), Both: len(t.Dataset.Leaks),
		Head: scores(t.Head.Training, t.Head.Validation), Epochs: []scoreRow{}, Best: t.Best,
	}
	for i, e := range t.Epochs {
		d.Epochs = append(d.Epochs, scoreRow{i + 1, scores(e.Training, e.Validation), e.Rate})
	}
	d.ValLoss, d.ValAccuracy = scoreNumbers(t.Validation())
	return d
}

func (r *trainRun) table(color bool) []byte {
	t := r.result
	g := grid{align: "lrrrr", color: color}
	row := func(style, name string, training, validation train.Score) {
		cells := []string{name}
		for _, s := range []train.Score{training, validation} {
			if s.Pictures == 0 {
				cells = append(cells, "–", "–")
				continue
			}
			cells = append(cells, fmt.Sprintf("%.4f", s.Loss), percent(s.Accuracy))
		}
		g.add(style, cells...)
	}
	g.add(dim, "", "loss", "accuracy", "val loss", "val accuracy")
	style := func(epoch int) string {
		if epoch == t.Best {
			return bold
		}
		return plain
	}
	row(style(0), "head", t.Head.Training, t.Head.Validation)
	for i, e := range t.Epochs {
		row(style(i+1), "epoch "+strconv.Itoa(i+1), e.Training, e.Validation)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s, %d classes; %d images to train, %d to validate\n", report.Quote(r.o.Output), t.Model.Variant,
		len(t.Dataset.Classes), len(t.Dataset.Training), len(t.Dataset.Validation))
	g.writeTo(&b)
	if len(t.Epochs) > 0 {
		if t.Best > 0 {
			fmt.Fprintf(&b, "epoch %d is kept\n", t.Best)
		} else {
			fmt.Fprintf(&b, "the head is kept, no epoch was better\n")
		}
	}
	return b.Bytes()
}

// curvesOf is what is drawn: the epochs, or of the head alone the penalties that
// were tried.
func curvesOf(t *train.Result) plot.Curves {
	var c plot.Curves
	if len(t.Epochs) == 0 {
		c.X, c.Log = "penalty of the head's weights", true
		for _, trial := range t.Head.Trials {
			c.Points = append(c.Points, curvePoint(trial.Penalty, trial.Training, trial.Validation))
		}
		c.Best = t.Head.Penalty
		return c
	}
	c.X, c.Best = "epoch", float64(t.Best)
	c.Points = append(c.Points, curvePoint(0, train.Score{}, t.Start))
	for i, e := range t.Epochs {
		c.Points = append(c.Points, curvePoint(float64(i+1), e.Training, e.Validation))
	}
	return c
}

func curvePoint(x float64, training, validation train.Score) plot.Point {
	value := func(s train.Score) *plot.Score {
		if s.Pictures == 0 {
			return nil
		}
		return &plot.Score{Loss: s.Loss, Accuracy: s.Accuracy}
	}
	return plot.Point{X: x, Training: value(training), Validation: value(validation)}
}
