package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colours that people who see few colours tell apart too (Okabe and Ito, 2008).
var (
	black = color.NRGBA{A: 0xff}
	grey  = color.NRGBA{0x70, 0x70, 0x70, 0xff}
	faint = color.NRGBA{0xdd, 0xdd, 0xdd, 0xff}
	inks  = map[Way]color.Color{
		Compound:   color.NRGBA{0xd5, 0x5e, 0x00, 0xff},
		Depth:      color.NRGBA{0x00, 0x72, 0xb2, 0xff},
		Width:      color.NRGBA{0xe6, 0x9f, 0x00, 0xff},
		Resolution: color.NRGBA{0x00, 0x9e, 0x73, 0xff},
	}
)

const (
	titleSize = font.Length(11)
	textSize  = font.Length(9)
)

// newPanel is an empty panel with horizontal grid lines.
func newPanel(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	for style, size := range map[*text.Style]font.Length{
		&p.Title.TextStyle: titleSize, &p.X.Label.TextStyle: textSize, &p.Y.Label.TextStyle: textSize,
		&p.X.Tick.Label: textSize, &p.Y.Tick.Label: textSize, &p.Legend.TextStyle: textSize,
	} {
		sans(style, size)
	}
	p.Title.Padding = vg.Points(8)
	p.X.Padding, p.Y.Padding = 0, 0
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = faint
	p.Add(grid)
	return p
}

func sans(s *text.Style, size font.Length) {
	s.Font.Typeface, s.Font.Variant, s.Font.Size = "Liberation", "Sans", size
}

// labels are texts beside points, moved by (dx, dy).
func labels(points plotter.XYs, texts []string, ink color.Color, dx, dy vg.Length) (*plotter.Labels, error) {
	l, err := plotter.NewLabels(plotter.XYLabels{XYs: points, Labels: texts})
	if err != nil {
		return nil, err
	}
	for i := range l.TextStyle {
		sans(&l.TextStyle[i], textSize)
		l.TextStyle[i].Color = ink
	}
	l.Offset = vg.Point{X: dx, Y: dy}
	return l, nil
}

// marks are points of one glyph.
func marks(points plotter.XYs, shape draw.GlyphDrawer, ink color.Color, radius vg.Length) (*plotter.Scatter, error) {
	s, err := plotter.NewScatter(points)
	if err != nil {
		return nil, err
	}
	s.GlyphStyle = draw.GlyphStyle{Color: ink, Radius: radius, Shape: shape}
	return s, nil
}

// line joins points.
func line(points plotter.XYs, ink color.Color, dashes ...vg.Length) (*plotter.Line, error) {
	l, err := plotter.NewLine(points)
	if err != nil {
		return nil, err
	}
	l.LineStyle = draw.LineStyle{Color: ink, Width: vg.Points(1), Dashes: dashes}
	return l, nil
}
