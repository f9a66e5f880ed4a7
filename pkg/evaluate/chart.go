package evaluate

import (
	"fmt"
	"strings"
)

// Charts are drawn in a square of chartSide units, y down.
const chartSide = 300

type point struct{ X, Y int }

// at places shares of 1 in the square.
func at(x, y float64) point {
	return point{int(x*chartSide + 0.5), int((1-y)*chartSide + 0.5)}
}

// bar is a bin of the reliability diagrams: how often it is right as the model
// is, and at the best temperature.
type bar struct {
	X, End, Width  int
	Y, Height      int // as the model is
	TemperedY      int
	TemperedImages int
	Bin
}

type tick struct {
	At, Down int
	Text     string
}

// charts lays out the diagrams of reliability and risk.
func (v *view) charts() {
	for i, b := range v.Calibration.Reliability {
		tempered := v.Tempered.Reliability[i]
		low, high := at(b.From, 0), at(b.To, b.Accuracy)
		v.Bars = append(v.Bars, bar{
			X: low.X + 1, End: high.X - 1, Width: high.X - low.X - 2, Y: high.Y, Height: chartSide - high.Y,
			TemperedY: at(0, tempered.Accuracy).Y, TemperedImages: tempered.Images, Bin: b,
		})
	}
	v.Diagonal = [2]point{at(0, 0), at(1, 1)}
	for i := 0; i <= 4; i++ {
		s := float64(i) / 4
		v.Ticks = append(v.Ticks, tick{at(s, 0).X, at(0, s).Y, fmt.Sprintf("%d%%", 25*i)})
	}
	var b strings.Builder
	for _, p := range v.Risk.Points {
		q := at(p.Coverage, p.Risk)
		fmt.Fprintf(&b, "%d,%d ", q.X, q.Y)
	}
	v.RiskCurve = strings.TrimSpace(b.String())
}
