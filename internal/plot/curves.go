package plot

import (
	"image/color"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Score is a loss and the share of pictures that were right.
type Score struct{ Loss, Accuracy float64 }

// Point is what a training had come to at a place of its course; nil where it
// is not known.
type Point struct {
	X                    float64
	Training, Validation *Score
}

// Curves are the course of a training.
type Curves struct {
	X      string // what X counts
	Log    bool   // X is above 0 and told by powers of ten
	Best   float64
	Points []Point
}

// Colours of the two sides.
var trainingInk, validationInk = inks[Depth], inks[Compound]

// WriteCurves draws loss and accuracy side by side in a format of Formats; a
// dashed line is at the best place. Points that are no finite number are left
// out.
func WriteCurves(w io.Writer, format string, c Curves) error {
	loss, err := curvePanel(c, "Loss", "cross entropy", true, func(s *Score) float64 { return s.Loss })
	if err != nil {
		return err
	}
	accuracy, err := curvePanel(c, "Accuracy", "%", false, func(s *Score) float64 { return 100 * s.Accuracy })
	if err != nil {
		return err
	}
	return render(w, format, 0.5, loss, accuracy)
}

// curvePanel draws one value of both sides.
func curvePanel(c Curves, title, y string, legendOnTop bool, value func(*Score) float64) (*plot.Plot, error) {
	p := newPanel(title, c.X, y)
	p.Legend.Top = legendOnTop
	low, high := math.Inf(1), math.Inf(-1)
	for _, side := range []struct {
		name string
		ink  color.Color
		of   func(Point) *Score
	}{
		{"training", trainingInk, func(p Point) *Score { return p.Training }},
		{"validation", validationInk, func(p Point) *Score { return p.Validation }},
	} {
		var points plotter.XYs
		for _, at := range c.Points {
			s := side.of(at)
			if s == nil || math.IsNaN(value(s)) || math.IsInf(value(s), 0) {
				continue
			}
			points = append(points, plotter.XY{X: at.X, Y: value(s)})
			low, high = min(low, value(s)), max(high, value(s))
		}
		if len(points) == 0 {
			continue
		}
		curve, err := line(points, side.ink)
		if err != nil {
			return nil, err
		}
		dots, err := marks(points, draw.CircleGlyph{}, side.ink, vg.Points(2))
		if err != nil {
			return nil, err
		}
		p.Add(curve, dots)
		p.Legend.Add(side.name, curve, dots)
	}
	if low > high {
		low, high = 0, 1
	}
	room := max(0.08*(high-low), 1e-3)
	p.Y.Min, p.Y.Max = low-room, high+room
	if legend := 0.25 * (high - low); p.Legend.Top {
		p.Y.Max += legend
	} else {
		p.Y.Min -= legend
	}
	c.axis(p)
	if c.Log && c.Best <= 0 {
		return p, nil
	}
	best, err := line(plotter.XYs{{X: c.Best, Y: p.Y.Min}, {X: c.Best, Y: p.Y.Max}}, grey, vg.Points(2), vg.Points(2))
	if err != nil {
		return nil, err
	}
	p.Add(best)
	p.Legend.Add("best", best)
	return p, nil
}

// axis spans the points along X.
func (c Curves) axis(p *plot.Plot) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, at := range c.Points {
		low, high = min(low, at.X), max(high, at.X)
	}
	switch {
	case len(c.Points) == 0:
		low, high = 0, 1
	case c.Log:
		p.X.Scale = plot.LogScale{}
		p.X.Tick.Marker = plot.TickerFunc(decadeTicks)
		low, high = low/1.5, high*1.5
	default:
		p.X.Tick.Marker = plot.TickerFunc(func(_, high float64) []plot.Tick { return wholeTicks(0, high) })
		low, high = low-0.2, high+0.2
	}
	p.X.Min, p.X.Max = low, high
}

// decadeTicks are the powers of ten.
func decadeTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for e := math.Ceil(math.Log10(low)); e <= math.Floor(math.Log10(high)); e++ {
		v := math.Pow(10, e)
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 3, 64)})
	}
	return ticks
}
