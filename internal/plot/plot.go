// Package plot draws what scaling a network does, where it stands among the
// published accuracies and what it costs, and the course of a training.
package plot

import (
	"fmt"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Way is how a network was scaled.
type Way string

// The ways that are drawn, each in its colour.
const (
	Compound   Way = "compound"
	Depth      Way = "depth"
	Width      Way = "width"
	Resolution Way = "resolution"
)

// Network is what is drawn of a network.
type Network struct {
	Name        string
	MACs        float64
	Params      float64
	Activations float64 // any unit
	Latency     float64 // any unit; 0: not measured
}

// Scaled is a network that was scaled from the baseline.
type Scaled struct {
	Way Way
	Network
}

// Comparison is several ways of scaling a baseline to the same multiply-adds.
type Comparison struct {
	Baseline Network
	Scaled   []Scaled
}

// Formats lists the words that Write takes.
var Formats = []string{"png", "svg"}

// Size of a picture, and how sharp a PNG is.
const (
	width, height = 26 * vg.Centimeter, 11 * vg.Centimeter
	dpi           = 120
)

// Write draws the comparison in a format of Formats: the published accuracies
// over multiply-adds with the place of each network, and beside it what each
// costs in units of the baseline.
func Write(w io.Writer, format string, c Comparison) error {
	accuracy, err := accuracyPanel(c)
	if err != nil {
		return err
	}
	cost, err := costPanel(c)
	if err != nil {
		return err
	}
	return render(w, format, 0.58, accuracy, cost)
}

// render draws two panels side by side; the left one has a share of the width.
func render(w io.Writer, format string, share vg.Length, left, right *plot.Plot) (err error) {
	switch format {
	case "png":
		canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))}
		lay(draw.New(canvas), share, left, right)
		_, err = canvas.WriteTo(w)
	case "svg":
		canvas := vgsvg.New(width, height)
		lay(draw.New(canvas), share, left, right)
		_, err = canvas.WriteTo(w)
	default:
		err = fmt.Errorf("unknown format %q", format)
	}
	return err
}

func lay(c draw.Canvas, split vg.Length, left, right *plot.Plot) {
	const margin = 0.3 * vg.Centimeter
	c = draw.Crop(c, margin, -margin, margin, -margin)
	w := c.Max.X - c.Min.X
	left.Draw(draw.Crop(c, 0, -w*(1-split)-margin, 0, 0))
	right.Draw(draw.Crop(c, w*split+margin, 0, 0, 0))
}
