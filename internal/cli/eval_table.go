package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/evaluate"
)

// Rows of a table that a person reads.
const (
	shownClasses  = 20
	shownMixups   = 10
	shownMistakes = 10
)

// evalTable shows the figures to a person.
func evalTable(f *evaluate.Figures, color bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s  %d images", paint(color, bold, report.Quote(f.Model)), f.Images)
	if f.Errors > 0 {
		fmt.Fprintf(&b, ", %d more could not be classified", f.Errors)
	}
	b.WriteString("\n\n")
	evalShares(f).writeTo(&b)
	for _, g := range []*grid{evalComparison(f.Compare, color), evalClasses(f, color), evalMixups(f, color), evalMistakes(f, color)} {
		if g != nil {
			b.WriteByte('\n')
			g.writeTo(&b)
		}
	}
	return b.Bytes()
}

func evalShares(f *evaluate.Figures) *grid {
	g := &grid{align: "lrl"}
	interval := func(i evaluate.Interval) string {
		return fmt.Sprintf("95 %% interval %s to %s", percent(i[0]), percent(i[1]))
	}
	g.add(plain, "top-1", percent(f.Top1), interval(f.Top1Interval))
	if len(f.PerClass) > 5 {
		g.add(plain, "top-5", percent(f.Top5), interval(f.Top5Interval))
	}
	g.add(plain, "balanced", percent(f.Balanced), "mean recall of the classes")
	g.add(plain, "F1", percent(f.MacroF1), "mean of the classes")
	t := f.Tempered
	note := fmt.Sprintf("calibration error; %s at temperature %.3g", percent(t.ECE), t.Temperature)
	if f.Calibration.Temperature != 1 {
		note += fmt.Sprintf(", now it is %.3g", f.Calibration.Temperature)
	}
	if t.AtLimit {
		note += ", the limit of what was looked at"
	}
	g.add(plain, "ECE", percent(f.ECE), note)
	g.add(plain, "NLL", fmt.Sprintf("%.3f", f.NLL), fmt.Sprintf("%.3f at that temperature", t.NLL))
	return g
}

func evalComparison(c *evaluate.Comparison, color bool) *grid {
	if c == nil {
		return nil
	}
	g := &grid{align: "lrl", color: color}
	g.add(dim, "compared with", "", report.Quote(c.Model))
	g.add(plain, "top-1", percent(c.Top1), fmt.Sprintf("difference %+.1f points", 100*c.Difference))
	g.add(plain, "right alone", fmt.Sprint(c.OnlyThis), fmt.Sprintf("the other alone %d, both %d, neither %d", c.OnlyOther, c.Both, c.Neither))
	chance := fmt.Sprintf("%.3f", c.P)
	if c.P < 0.001 {
		chance = "<0.001"
	}
	g.add(plain, "p", chance, "McNemar's test, "+c.Test)
	return g
}

// evalClasses shows the classes that have pictures, the worst where they are many.
func evalClasses(f *evaluate.Figures, color bool) *grid {
	classes := slices.DeleteFunc(slices.Clone(f.PerClass), func(c evaluate.ClassFigures) bool { return c.Images == 0 })
	if len(classes) == 0 {
		return nil
	}
	title := "class"
	if n := len(classes); n > shownClasses {
		slices.SortStableFunc(classes, func(a, b evaluate.ClassFigures) int { return cmp.Compare(a.F1, b.F1) })
		classes = classes[:shownClasses]
		title = fmt.Sprintf("worst of %d classes", n)
	}
	g := &grid{align: "lrrrr", color: color}
	g.add(dim, title, "images", "precision", "recall", "F1")
	for _, c := range classes {
		g.add(plain, report.Quote(c.Label), fmt.Sprint(c.Images), percent(c.Precision), percent(c.Recall), percent(c.F1))
	}
	return g
}

func evalMixups(f *evaluate.Figures, color bool) *grid {
	if len(f.Mixups) == 0 {
		return nil
	}
	g := &grid{align: "lrl", color: color}
	g.add(dim, "class", "images", "taken for")
	for _, m := range f.Mixups[:min(len(f.Mixups), shownMixups)] {
		g.add(plain, report.Quote(m.Label), fmt.Sprint(m.Images), report.Quote(m.As))
	}
	return g
}

func evalMistakes(f *evaluate.Figures, color bool) *grid {
	if len(f.Mistakes) == 0 {
		return nil
	}
	g := &grid{align: "rlll", color: color}
	g.add(dim, "sure", "taken for", "class", "image")
	for _, m := range f.Mistakes[:min(len(f.Mistakes), shownMistakes)] {
		g.add(plain, percent(m.Confidence), report.Quote(m.As), report.Quote(m.Label), report.Quote(m.Path))
	}
	return g
}
