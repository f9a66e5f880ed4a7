package cli

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// grid writes rows in aligned columns, two spaces apart.
type grid struct {
	align string // of each column: l or r
	color bool
	rows  []gridRow
}

type gridRow struct {
	style string // an ANSI code, empty for none
	cells []string
}

// ANSI codes of rows.
const (
	plain = ""
	bold  = "1"
	dim   = "2"
)

func (g *grid) add(style string, cells ...string) {
	g.rows = append(g.rows, gridRow{style, cells})
}

// writeTo writes the rows; nothing is padded at a line's end.
func (g *grid) writeTo(b *bytes.Buffer) {
	widths := make([]int, len(g.align))
	for _, r := range g.rows {
		for i, c := range r.cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range g.rows {
		var line strings.Builder
		for i, c := range r.cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if g.align[i] == 'r' {
				c = pad + c
			} else {
				c += pad
			}
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(c)
		}
		b.WriteString(paint(g.color, r.style, strings.TrimRight(line.String(), " ")))
		b.WriteByte('\n')
	}
}

// paint gives text an ANSI code where colours are shown.
func paint(color bool, code, text string) string {
	if !color || code == plain {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
