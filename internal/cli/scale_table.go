package cli

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/effnet/effnet/pkg/model"
)

// table describes the scaling for a person.
func (w *scaling) table(color bool) []byte {
	var b bytes.Buffer
	how := fmt.Sprintf("by φ = %v", w.o.Phi)
	if w.o.Free {
		how = "freely"
	}
	title := fmt.Sprintf("%s scaled %s: %s", w.baseline.sum.Variant.Name, how, w.scaled.sum.Variant.Name)
	fmt.Fprintln(&b, paint(color, bold, title))
	if !w.o.Free || w.others != nil {
		c := w.o.Compound
		fmt.Fprintf(&b, "α·β²·γ² = %v · %v² · %v² = %.4g\n", c.Alpha, c.Beta, c.Gamma, c.Growth())
	}
	b.WriteByte('\n')
	w.stages(color).writeTo(&b)
	b.WriteByte('\n')
	w.shares(color).writeTo(&b)
	if w.others != nil {
		fmt.Fprintf(&b, "\n%s\n", paint(color, bold, "At the same multiply-adds, as near as rounding allows"))
		w.comparison(color).writeTo(&b)
	}
	if w.o.Run {
		fmt.Fprintf(&b, "\nLatencies are medians of one image, random weights, kernels %s.\n", w.set.Tier)
	}
	return b.Bytes()
}

// stages sets the scaled stages beside the baseline's.
func (w *scaling) stages(color bool) *grid {
	g := &grid{align: "llrrrrr", color: color}
	g.add(dim, "stage", "operator", "channels", "layers", "output", "params", "MACs")
	for i, s := range w.scaled.sum.Stages {
		was := w.baseline.sum.Stages[i]
		layers := ""
		if s.ExpandRatio > 0 {
			layers = change(was.Layers, s.Layers)
		}
		name := stageOperator(s)
		if s.Kernel > 0 {
			name += " " + square(s.Kernel)
		}
		g.add(plain, s.Name, name, change(was.Out.C, s.Out.C), layers, shape(s.Out), grouped(s.Params), short(s.MACs))
	}
	return g
}

func change(from, to int) string {
	if from == to {
		return fmt.Sprint(to)
	}
	return fmt.Sprintf("%d → %d", from, to)
}

// shares sets the totals beside the baseline's.
func (w *scaling) shares(color bool) *grid {
	g := &grid{align: "lrrr", color: color}
	a, b := w.baseline.sum, w.scaled.sum
	g.add(dim, "", "baseline", "scaled", "share")
	g.add(plain, "resolution", fmt.Sprint(a.Resolution), fmt.Sprint(b.Resolution), times(int64(b.Resolution), int64(a.Resolution)))
	g.add(plain, "parameters", grouped(a.Params), grouped(b.Params), times(b.Params, a.Params))
	g.add(plain, "multiply-adds", short(a.MACs), short(b.MACs), times(b.MACs, a.MACs))
	g.add(plain, "weights", sized(a.WeightBytes()), sized(b.WeightBytes()), times(b.Params, a.Params))
	g.add(plain, "activations", sized(a.ArenaBytes), sized(b.ArenaBytes), times(b.ArenaBytes, a.ArenaBytes))
	g.add(plain, "  without reuse", sized(a.ActivationBytes), sized(b.ActivationBytes), times(b.ActivationBytes, a.ActivationBytes))
	if l, was := w.scaled.latency, w.baseline.latency; l != nil {
		g.add(plain, threadsText(1), millisText(was.one), millisText(l.one), times(int64(l.one), int64(was.one)))
		if l.threads > 1 {
			g.add(plain, threadsText(l.threads), millisText(was.all), millisText(l.all), times(int64(l.all), int64(was.all)))
		}
	}
	return g
}

// comparison is a row a network, the baseline first.
func (w *scaling) comparison(color bool) *grid {
	g := &grid{align: "lrrrrrrrrrr", color: color}
	head := []string{"scaling", "depth", "width", "pixels", "blocks", "params", "MACs", "off by", "activations"}
	if l := w.baseline.latency; l != nil {
		head = append(head, threadsText(1))
		if l.threads > 1 {
			head = append(head, threadsText(l.threads))
		}
	}
	g.align = g.align[:len(head)]
	g.add(dim, head...)
	for _, r := range w.rows() {
		s, v := r.sum, r.sum.Variant
		cells := []string{
			r.title(), fmt.Sprintf("%.3g", v.DepthMult), fmt.Sprintf("%.3g", v.WidthMult), fmt.Sprint(s.Resolution),
			fmt.Sprint(len(v.Blocks())), share(short(s.Params), s.Params, w.baseline.sum.Params),
			share(short(s.MACs), s.MACs, w.baseline.sum.MACs), w.offText(r), share(sized(s.ArenaBytes), s.ArenaBytes, w.baseline.sum.ArenaBytes),
		}
		if l := r.latency; l != nil {
			cells = append(cells, share(millisText(l.one), int64(l.one), int64(w.baseline.latency.one)))
			if l.threads > 1 {
				cells = append(cells, share(millisText(l.all), int64(l.all), int64(w.baseline.latency.all)))
			}
		}
		g.add(plain, cells...)
	}
	return g
}

func (r *scaledRow) title() string {
	switch r.way {
	case wayBaseline, wayGiven:
		return r.way
	case string(model.CompoundScaling):
		return fmt.Sprintf("compound φ=%v", r.number)
	}
	return r.way + " only"
}

// off is how far a row's multiply-adds are from what they should be, relative.
func (w *scaling) off(r *scaledRow) float64 {
	return float64(r.sum.MACs)/float64(w.scaled.sum.MACs) - 1
}

func (w *scaling) offText(r *scaledRow) string {
	if r.way == wayBaseline || r == &w.scaled {
		return ""
	}
	return strings.ReplaceAll(fmt.Sprintf("%+.1f %%", 100*w.off(r)), "-", "−")
}

func share(text string, part, whole int64) string {
	return fmt.Sprintf("%s %6s", text, times(part, whole))
}

func threadsText(n int) string {
	if n == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", n)
}

func millisText(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
