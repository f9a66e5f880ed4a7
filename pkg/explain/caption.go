package explain

import (
	"image"
	"image/color"
	"image/draw"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/math/fixed"
)

// panel is one of the pictures side by side.
type panel struct {
	img   *image.NRGBA
	lines []string // below
}

// Size of the face of captions, pixels.
const (
	letter     = 8
	lineHeight = 18
	descent    = 5
)

var ink = color.NRGBA{0x1a, 0x1a, 0x1a, 0xff}

// leastColumns of letters fit below any panel.
const leastColumns = 18

// joined lays panels side by side, tops level, each over its caption.
func joined(panels []panel) *image.NRGBA {
	w, h, lines := margin, 0, 0
	for _, p := range panels {
		w += p.width() + margin
		h, lines = max(h, p.img.Rect.Dy()), max(lines, len(p.lines))
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, margin+h+lines*lineHeight+margin))
	draw.Draw(out, out.Rect, image.NewUniform(color.Gray{background}), image.Point{}, draw.Src)
	x := margin
	for _, p := range panels {
		draw.Draw(out, p.img.Rect.Add(image.Pt(x, margin)), p.img, image.Point{}, draw.Src)
		for i, line := range p.lines {
			letters(out, x, margin+h+(i+1)*lineHeight-descent+2, p.width()/letter, line)
		}
		x += p.width() + margin
	}
	return out
}

func (p *panel) width() int { return max(p.img.Rect.Dx(), leastColumns*letter) }

// letters puts a line of at most so many letters on the base line y.
func letters(dst *image.NRGBA, x, y, columns int, line string) {
	d := font.Drawer{
		Dst: dst, Src: image.NewUniform(ink), Face: inconsolata.Regular8x16, Dot: fixed.P(x, y),
	}
	d.DrawString(shortened(line, columns))
}

// shortened is a line of at most so many letters without control characters.
func shortened(line string, columns int) string {
	all := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, line))
	if len(all) > columns {
		return string(all[:max(0, columns-2)]) + ".."
	}
	return string(all)
}
