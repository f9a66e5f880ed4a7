package cli

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
)

// table describes the model for a person.
func (w shown) table(layers, color bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n", paint(color, bold, report.Quote(w.name)))
	g := w.stages(color)
	if layers {
		g = w.layers(color)
	}
	g.writeTo(&b)
	b.WriteByte('\n')
	w.facts().writeTo(&b)
	return b.Bytes()
}

func (w shown) stages(color bool) *grid {
	g := &grid{align: "llrrrrrrr", color: color}
	g.add(dim, "stage", "operator", "kernel", "stride", "layers", "output", "params", "MACs", "field")
	for _, s := range w.Stages {
		g.add(plain, s.Name, stageOperator(s), square(s.Kernel), count(s.Stride), count(s.Layers), shape(s.Out),
			grouped(s.Params), short(s.MACs), field(s.Field))
	}
	g.add(bold, "total", "", "", "", "", "", grouped(w.Params), short(w.MACs), "")
	return g
}

func (w shown) layers(color bool) *grid {
	g := &grid{align: "llrrrrrrll", color: color}
	g.add(dim, "layer", "operator", "kernel", "stride", "output", "params", "MACs", "field", "in the plan", "kernels")
	for _, l := range w.Layers {
		g.add(plain, l.Name, layerOperator(l), square(l.Kernel), count(l.Stride), shape(l.Out),
			grouped(l.Cost.Params), short(l.Cost.MACs), field(l.Field), fusion(l), l.Kernels)
	}
	g.add(bold, "total", "", "", "", "", grouped(w.Params), short(w.MACs), "", "", "")
	return g
}

// facts are what is true of the whole.
func (w shown) facts() *grid {
	g := &grid{align: "ll"}
	g.add(plain, "variant", w.Variant.Name)
	input := fmt.Sprintf("%d×%d×3, padding %s", w.Resolution, w.Resolution, w.padding)
	if w.info == nil {
		input += " (the weights would tell)"
	}
	g.add(plain, "input", input)
	g.add(plain, "weights", sized(w.WeightBytes())+" of f32")
	g.add(plain, "activations", fmt.Sprintf("%s as a plan reuses them, %s in all", sized(w.ArenaBytes), sized(w.ActivationBytes)))
	if w.info == nil {
		g.add(plain, "profile", "none: the weights are not here")
		g.add(plain, "classes", fmt.Sprint(w.Classes))
		return g
	}
	g.add(plain, "profile", profileText(w.info.Profile))
	g.add(plain, "large JPEGs", scalingText(w.info.Profile))
	g.add(plain, "classes", w.classes())
	if t := w.info.Temperature; t != 0 {
		g.add(plain, "temperature", fmt.Sprintf("%.4g, by which logits are divided", t))
	}
	if w.info.Source != "" {
		g.add(plain, "source", report.Escape(w.info.Source))
	}
	if w.info.License != "" {
		g.add(plain, "licence", report.Escape(w.info.License))
	}
	if w.info.Scheme != "" {
		g.add(plain, "names of", w.info.Scheme)
	}
	for _, line := range w.info.Assumed {
		g.add(plain, "assumed", report.Escape(line))
	}
	return g
}

// scalingText says from which short side on --scaled decodes at which part of the size.
func scalingText(p profile.Profile) string {
	scaling := preprocess.Fast
	if !scaling.Suits(p) {
		return "decoded in full, as the interpolation needs"
	}
	from := func(scale float64) int { return int(math.Ceil(scaling.Gap * scale * float64(p.Resolution) / p.Crop)) }
	return fmt.Sprintf("decoded in full; with --scaled at 1/2 from %d pixels on, 1/4 from %d, 1/8 from %d", from(2), from(4), from(8))
}

func profileText(p profile.Profile) string {
	rgb := func(v [3]float64) string { return fmt.Sprintf("%.4g %.4g %.4g", v[0], v[1], v[2]) }
	return fmt.Sprintf("bn eps %g, mean %s, std %s, crop %.4g, %s", p.BNEps, rgb(p.Mean), rgb(p.Std), p.Crop, p.Interpolation)
}

// classes counts the labels and shows the first and the last.
func (w shown) classes() string {
	labels := w.info.Labels
	if len(labels) < 2 {
		return fmt.Sprint(w.Classes)
	}
	return fmt.Sprintf("%d, from %s to %s", w.Classes, report.Quote(labels[0].Name), report.Quote(labels[len(labels)-1].Name))
}

func stageOperator(s model.StageSummary) string {
	if s.ExpandRatio == 0 {
		return operator(model.Op(s.Op))
	}
	text := fmt.Sprintf("%s%d", s.Op, s.ExpandRatio)
	if s.SERatio > 0 {
		text += " SE"
	}
	return text
}

func operator(op model.Op) string {
	switch op {
	case model.Stem, model.Conv, model.Pointwise:
		return "conv"
	case model.SqueezeExcite:
		return "SE"
	case model.Pool:
		return "mean"
	}
	return string(op)
}

func layerOperator(l model.LayerSummary) string {
	text := operator(l.Op)
	if l.Op == model.SqueezeExcite {
		return fmt.Sprintf("%s %d", text, l.Hidden)
	}
	if l.Activation != kernels.None {
		text += " " + l.Activation.String()
	}
	return text
}

// fusion says where a plan computes a layer. Batch norm and activation are in
// every convolution's own.
func fusion(l model.LayerSummary) string {
	var notes []string
	if l.Operation != l.Name {
		block := l.Name[:strings.LastIndexByte(l.Name, '.')+1]
		notes = append(notes, "in "+strings.TrimPrefix(l.Operation, block))
	}
	if l.Op == model.SqueezeExcite {
		if l.ScalesWeights {
			notes = append(notes, "scales the projection's weights")
		} else {
			notes = append(notes, "scales in place")
		}
	}
	if l.Residual != nil {
		notes = append(notes, "adds the block's input")
	}
	return strings.Join(notes, ", ")
}

func square(kernel int) string {
	if kernel == 0 {
		return ""
	}
	return fmt.Sprintf("%d×%d", kernel, kernel)
}

// count writes nothing for what a step has not.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func shape(m model.Map) string { return fmt.Sprintf("%d×%d×%d", m.H, m.W, m.C) }

func field(f model.Field) string { return fmt.Sprint(f.Size) }
