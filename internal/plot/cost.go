package plot

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// measure is a cost that a group of bars stands for.
type measure struct {
	name string
	of   func(Network) float64
}

// costPanel draws a group of bars a cost, a bar a network, in units of the
// baseline.
func costPanel(c Comparison) (*plot.Plot, error) {
	measures := []measure{
		{"multiply-adds", func(n Network) float64 { return n.MACs }},
		{"parameters", func(n Network) float64 { return n.Params }},
		{"activations", func(n Network) float64 { return n.Activations }},
	}
	if c.Baseline.Latency > 0 {
		measures = append(measures, measure{"latency", func(n Network) float64 { return n.Latency }})
	}
	p := newPanel("What the same multiply-adds cost", "", "times "+c.Baseline.Name)
	p.Legend.Top, p.Legend.Left = true, false
	p.Legend.ThumbnailWidth, p.Legend.Padding = vg.Points(10), vg.Points(2)
	names := make([]string, len(measures))
	highest := 1.0
	const room, gap = 200, 1 // points for all bars, and between two
	bar := vg.Points(room/float64(max(len(c.Scaled), 1)*len(measures)) - gap)
	for i, s := range c.Scaled {
		values := make(plotter.Values, len(measures))
		for j, m := range measures {
			names[j] = m.name
			values[j] = m.of(s.Network) / m.of(c.Baseline)
			highest = max(highest, values[j])
		}
		bars, err := plotter.NewBarChart(values, bar)
		if err != nil {
			return nil, err
		}
		bars.Color, bars.LineStyle.Width = inks[s.Way], 0
		bars.Offset = (bar + vg.Points(gap)) * vg.Length(float64(i)-float64(len(c.Scaled)-1)/2)
		if err := addValues(p, values, bars.Offset); err != nil {
			return nil, err
		}
		p.Add(bars)
		p.Legend.Add(string(s.Way), bars)
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.6, float64(len(measures))-0.4
	p.Y.Min, p.Y.Max = 0, highest*1.35
	p.Y.Tick.Marker = plot.TickerFunc(wholeTicks)
	one, err := line(plotter.XYs{{X: p.X.Min, Y: 1}, {X: p.X.Max, Y: 1}}, grey, vg.Points(2), vg.Points(2))
	if err != nil {
		return nil, err
	}
	p.Add(one)
	return p, nil
}

// wholeTicks are at most ten whole numbers from 0 on.
func wholeTicks(_, high float64) []plot.Tick {
	const most = 10
	step := math.Pow(10, math.Ceil(math.Log10(high/most)))
	for _, part := range []float64{5, 2} {
		if high/(step/part) <= most {
			step /= part
			break
		}
	}
	step = max(1, step)
	var ticks []plot.Tick
	for v := 0.0; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)})
	}
	return ticks
}

// addValues writes the numbers over the bars.
func addValues(p *plot.Plot, values plotter.Values, offset vg.Length) error {
	points, texts := make(plotter.XYs, len(values)), make([]string, len(values))
	for i, v := range values {
		points[i] = plotter.XY{X: float64(i), Y: v}
		texts[i] = fmt.Sprintf("%.1f", v)
	}
	l, err := labels(points, texts, black, offset, vg.Points(2))
	if err != nil {
		return err
	}
	for i := range l.TextStyle {
		l.TextStyle[i].XAlign = -0.5
		l.TextStyle[i].Font.Size = 7
	}
	p.Add(l)
	return nil
}
