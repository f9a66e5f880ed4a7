package plot

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Range of the accuracies, in percent.
const lowTop1, highTop1 = 76, 85

// accuracyPanel sets the networks' multiply-adds among the published points.
func accuracyPanel(c Comparison) (*plot.Plot, error) {
	p := newPanel("What the paper measured, and where these networks stand", "multiply-adds in billions", "ImageNet top-1, %")
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
	p.Y.Min, p.Y.Max = lowTop1, highTop1
	p.Legend.Top, p.Legend.Left = false, false
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(-6), vg.Points(6)
	p.Legend.ThumbnailWidth, p.Legend.Padding = vg.Points(18), vg.Points(2)
	p.Y.Tick.Marker = plot.TickerFunc(percentTicks)
	for _, add := range []func(*plot.Plot, Comparison) error{addLines, addFamily, addScaledB0, addPlaces} {
		if err := add(p, c); err != nil {
			return nil, err
		}
	}
	p.X.Min, p.X.Max = gmacsRange(c)
	return p, nil
}

// gmacsRange holds the published points and the networks, with room beside.
func gmacsRange(c Comparison) (low, high float64) {
	low, high = family[0].gmacs, family[len(family)-1].gmacs
	for _, n := range append([]Scaled{{Network: c.Baseline}}, c.Scaled...) {
		low, high = min(low, n.MACs/1e9), max(high, n.MACs/1e9)
	}
	return low / 1.35, high * 1.35
}

func addFamily(p *plot.Plot, _ Comparison) error {
	var points plotter.XYs
	var names []string
	for _, f := range family {
		points, names = append(points, plotter.XY{X: f.gmacs, Y: f.top1}), append(names, f.name)
	}
	curve, err := line(points, grey)
	if err != nil {
		return err
	}
	dots, err := marks(points, draw.CircleGlyph{}, grey, vg.Points(3))
	if err != nil {
		return err
	}
	texts, err := labels(points, names, black, vg.Points(-14), vg.Points(5))
	if err != nil {
		return err
	}
	p.Add(curve, dots, texts)
	p.Legend.Add("B0 to B7 as published", curve, dots)
	return nil
}

func addScaledB0(p *plot.Plot, _ Comparison) error {
	for _, way := range []Way{Compound, Width, Depth, Resolution} {
		f := scaledB0[way]
		squares, err := marks(plotter.XYs{{X: f.gmacs, Y: f.top1}}, draw.BoxGlyph{}, inks[way], vg.Points(3))
		if err != nil {
			return err
		}
		p.Add(squares)
		p.Legend.Add("B0 by "+string(way)+", "+f.name, squares)
	}
	return nil
}

// addLines draws the baseline and the first of the scaled networks through all
// accuracies, which nobody knows of them.
func addLines(p *plot.Plot, c Comparison) error {
	at := func(n Network, dashes ...vg.Length) error {
		x := n.MACs / 1e9
		l, err := line(plotter.XYs{{X: x, Y: lowTop1}, {X: x, Y: highTop1}}, grey, dashes...)
		if err != nil {
			return err
		}
		name, err := labels(plotter.XYs{{X: x, Y: highTop1}}, []string{n.Name}, black, vg.Points(3), vg.Points(-10))
		if err != nil {
			return err
		}
		l.Width = vg.Points(0.6)
		p.Add(l, name)
		return nil
	}
	if err := at(c.Baseline, vg.Points(2), vg.Points(2)); err != nil {
		return err
	}
	if len(c.Scaled) > 0 && farApart(c.Scaled[0].MACs, c.Baseline.MACs) {
		return at(c.Scaled[0].Network, vg.Points(5), vg.Points(3))
	}
	return nil
}

// addPlaces marks each scaled network's multiply-adds above the axis.
func addPlaces(p *plot.Plot, c Comparison) error {
	for i, s := range c.Scaled {
		y := lowTop1 + 0.25*float64(i+1)
		arrow, err := marks(plotter.XYs{{X: s.MACs / 1e9, Y: y}}, draw.PyramidGlyph{}, inks[s.Way], vg.Points(4))
		if err != nil {
			return err
		}
		p.Add(arrow)
		if i == 0 {
			p.Legend.Add("these networks, accuracy unknown", arrow)
		}
	}
	return nil
}

// farApart tells whether two names side by side can be read.
func farApart(a, b float64) bool { return math.Abs(math.Log(a/b)) > 0.25 }

// percentTicks are whole percents.
func percentTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for v := math.Ceil(low); v <= high; v++ {
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', 0, 64)})
	}
	return ticks
}

// logTicks are 1, 2 and 5 times the powers of ten.
func logTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, e); v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 3, 64)})
			}
		}
	}
	return ticks
}
