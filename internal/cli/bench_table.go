package cli

import (
	"bytes"
	"fmt"

	"github.com/effnet/effnet/internal/report"
)

// table is the result for a person; before may be nil.
func (r benchResult) table(before *benchResult, color bool) []byte {
	var b bytes.Buffer
	threads := fmt.Sprintf("%d threads", r.Threads)
	if r.Threads == 1 {
		threads = "1 thread"
	}
	fmt.Fprintf(&b, "%s\n\n", paint(color, bold, report.Quote(r.Model)))
	fmt.Fprintf(&b, "%d×%d×3, batch %d, %s, %s on %s, %d runs\n\n", r.Input, r.Input, r.Batch, r.Precision, r.Tier, threads, r.Runs)
	g := &grid{align: "lr", color: color}
	if before != nil {
		g.align = "lrrr"
		g.add(dim, "", "now", "before", "ratio")
	}
	row := func(name string, now, then float64, format func(float64) string) {
		cells := []string{name, format(now)}
		if before != nil {
			cells = append(cells, format(then), ratio(now, then))
		}
		g.add(plain, cells...)
	}
	was := benchResult{}
	if before != nil {
		was = *before
	}
	row("fastest", r.Latency.Min, was.Latency.Min, milliseconds)
	row("median", r.Latency.P50, was.Latency.P50, milliseconds)
	row("90 %", r.Latency.P90, was.Latency.P90, milliseconds)
	row("99 %", r.Latency.P99, was.Latency.P99, milliseconds)
	row("images a second", r.Images, was.Images, threeDigits)
	row("GFLOPS", r.GFLOPS, was.GFLOPS, threeDigits)
	row("peak", r.Peak, was.Peak, threeDigits)
	row("share of the peak", r.Share, was.Share, percent)
	g.writeTo(&b)
	if before != nil {
		for _, d := range r.differences(before) {
			fmt.Fprintf(&b, "\nnot the same: %s", d)
		}
		if len(r.differences(before)) > 0 {
			b.WriteByte('\n')
		}
	}
	if len(r.Layers) > 0 {
		b.WriteByte('\n')
		r.layers(color).writeTo(&b)
	}
	return b.Bytes()
}

// differences are what makes two results hard to compare.
func (r benchResult) differences(before *benchResult) []string {
	var all []string
	differ := func(what string, now, then any) {
		if now != then {
			all = append(all, fmt.Sprintf("%s %v, was %v", what, now, then))
		}
	}
	differ("model", r.Model, before.Model)
	differ("resolution", r.Input, before.Input)
	differ("precision", r.Precision, before.Precision)
	differ("threads", r.Threads, before.Threads)
	differ("batch", r.Batch, before.Batch)
	differ("tier", r.Tier, before.Tier)
	return all
}

func (r benchResult) layers(color bool) *grid {
	g := &grid{align: "lrrrrrl", color: color}
	g.add(dim, "operation", "µs", "of all", "GFLOPS", "of peak", "bytes", "kernels")
	for _, l := range r.Layers {
		g.add(plain, l.Name, fmt.Sprintf("%.1f", 1000*l.Time), percent(l.TimeShare), threeDigits(l.GFLOPS), percent(l.PeakShare),
			sized(l.Bytes), l.Kernels)
	}
	return g
}

func milliseconds(ms float64) string { return threeDigits(ms) + " ms" }

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func ratio(now, then float64) string {
	if then == 0 {
		return ""
	}
	return threeDigits(now / then)
}
