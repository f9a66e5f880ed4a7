package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/effnet/effnet/internal/plot"
	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// scaledRow is a network of a comparison.
type scaledRow struct {
	way     string  // a model.Scaling, "baseline" or "given"
	number  float64 // φ or the multiplier of way
	sum     model.Summary
	latency *latency // nil: not measured
}

const (
	wayBaseline = "baseline"
	wayGiven    = "given" // by --depth, --width and --resolution
)

// scaling is what effnet scale prints.
type scaling struct {
	o        ScaleOptions
	set      *kernels.Set
	baseline scaledRow
	scaled   scaledRow
	others   []scaledRow // at about the multiply-adds of scaled; nil without --compare
}

func runScale(ctx context.Context, s Streams, o ScaleOptions) error {
	set, err := kernels.Best()
	if err != nil {
		return usage(err)
	}
	w := &scaling{o: o, set: set}
	if err := w.compute(); err != nil {
		return usage(err)
	}
	var picture *report.Output
	if o.Plot != "" {
		if picture, err = report.Create(o.Plot); err != nil {
			return cannotWrite(o.Plot, err)
		}
	}
	if err := w.measure(ctx); err != nil {
		if picture != nil {
			picture.Drop()
		}
		return err
	}
	if picture != nil {
		if err := w.draw(picture); err != nil {
			return cannotWrite(o.Plot, err)
		}
	}
	if o.Format == "json" {
		return writeJSON(s.Out, w.document())
	}
	return written(s.Out.Write(w.table(columns(s.Out) > 0 && colorful())))
}

func cannotWrite(path string, err error) error {
	return &exitError{exitOutput, fmt.Errorf("%s: %w", strconv.Quote(path), reasonOf(err))}
}

// compute finds the networks. The error is of a name or a shape.
func (w *scaling) compute() error {
	base, err := model.Lookup(strings.ToLower(w.o.Base))
	if err != nil {
		return err
	}
	w.baseline = w.row(wayBaseline, 0, base)
	v, way := model.Variant{}, string(model.CompoundScaling)
	if w.o.Free {
		resolution := w.o.Resolution
		if resolution == 0 {
			resolution = base.Resolution
		}
		v, err = model.Scale(base, w.o.Depth, w.o.Width, resolution)
		way = wayGiven
	} else {
		v, err = w.o.Compound.Scale(base, w.o.Phi)
	}
	if err != nil {
		return err
	}
	w.scaled = w.row(way, w.o.Phi, v)
	if !w.o.Compare && w.o.Plot == "" {
		return nil
	}
	for _, s := range model.Scalings {
		if string(s) == way {
			continue
		}
		x, v, err := w.o.Compound.Reach(base, s, w.scaled.sum.MACs, w.o.Classes)
		if err != nil {
			return err
		}
		w.others = append(w.others, w.row(string(s), x, v))
	}
	return nil
}

func (w *scaling) row(way string, number float64, v model.Variant) scaledRow {
	return scaledRow{way: way, number: number, sum: model.Summarize(v, profile.Same, v.Resolution, w.o.Classes, w.set)}
}

// rows are all networks, the baseline first.
func (w *scaling) rows() []*scaledRow {
	rows := []*scaledRow{&w.baseline, &w.scaled}
	for i := range w.others {
		rows = append(rows, &w.others[i])
	}
	return rows
}

// draw writes the picture and gives it its name.
func (w *scaling) draw(file *report.Output) error {
	c := plot.Comparison{Baseline: w.baseline.network(w.baseline.sum.Variant.Name)}
	for _, r := range w.rows()[1:] {
		if r.way != wayGiven {
			name := w.scaled.sum.Variant.Name
			if !w.o.Free {
				name = fmt.Sprintf("φ = %v", w.o.Phi)
			}
			c.Scaled = append(c.Scaled, plot.Scaled{Way: plot.Way(r.way), Network: r.network(name)})
		}
	}
	if err := plot.Write(file, plotFormat(w.o.Plot), c); err != nil {
		file.Drop()
		return err
	}
	return file.Commit()
}

func (r *scaledRow) network(name string) plot.Network {
	n := plot.Network{
		Name: name, MACs: float64(r.sum.MACs), Params: float64(r.sum.Params), Activations: float64(r.sum.ArenaBytes),
	}
	if r.latency != nil {
		n.Latency = r.latency.one.Seconds()
	}
	return n
}
