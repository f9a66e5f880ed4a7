package model

import (
	"fmt"
	"strings"
	"time"

	"github.com/effnet/effnet/pkg/kernels"
)

// Operation is one or several fused steps as a plan computes them.
type Operation struct {
	Name    string // of the last step
	Steps   []Step
	Kernels string // which kernels, on which tiles
	MACs    int64
	Bytes   int64 // of activations and weights that it reads and writes once
}

// Operations lists what a run does, in order.
func (p *Plan) Operations() []Operation { return describe(p.steps, p.operations, p.set) }

// Clock calls f after each operation of a run with its index in Operations
// and the time that it took; nil ends it.
func (ws *Workspace) Clock(f func(operation int, took time.Duration)) { ws.clock = f }

// describe joins the steps with the operations that compute them.
func describe(steps []Step, operations []operation, set *kernels.Set) []Operation {
	all := make([]Operation, 0, len(operations))
	for _, op := range operations {
		last, _ := op.outcome()
		o := Operation{Name: last.Name, Kernels: op.kernels(set)}
		for len(steps) > 0 {
			s := steps[0]
			steps = steps[1:]
			o.Steps = append(o.Steps, s)
			o.MACs += s.MACs()
			o.Bytes += bytesPerValue * s.Params()
			if s.Residual != nil {
				o.Bytes += bytesPerValue * int64(s.Residual.Pixels()*s.Residual.C)
			}
			if s.Name == last.Name {
				break
			}
		}
		in, out := o.Steps[0].In, last.Out
		o.Bytes += bytesPerValue * int64(in.Pixels()*in.C+out.Pixels()*out.C)
		all = append(all, o)
	}
	return all
}

// tiles names the matrix kernels of m over rows of cols pixels: channel blocks
// by pixels, ½ for a block of which half is computed.
func tiles(set *kernels.Set, m *kernels.Matrix, cols int) string {
	var names []string
	seen := map[string]bool{}
	for _, p := range m.Panels {
		for _, rows := range set.TileRows(p.Vecs, cols) {
			vecs := fmt.Sprint(p.Vecs)
			if set.Half(p, rows) {
				vecs = fmt.Sprintf("%d½", p.Vecs-1)
			}
			if name := fmt.Sprintf("%s×%d", vecs, rows); !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return "gemm " + strings.Join(names, ", ")
}

func (op *strip) kernels(set *kernels.Set) string {
	dw := op.depthwise
	text := fmt.Sprintf("depthwise 1×%s, strips of %d rows", joined(set.TileCols(dw.Kernel, dw.Stride, dw.Out.W)), op.stripRows)
	if made := op.source.kernels(set); made != "" {
		text = made + "; " + text
	}
	return text
}

func (e *expanded) kernels(set *kernels.Set) string { return tiles(set, e.weights, e.step.In.W) }

func (e *stem) kernels(set *kernels.Set) string {
	return "im2col, " + tiles(set, e.weights, e.step.Out.W)
}

func (e *copied) kernels(*kernels.Set) string { return "copy" }

func (op *winograd) kernels(set *kernels.Set) string {
	return fmt.Sprintf("%s by Winograd's F(4, 3), strips of %d rows", tiles(set, op.weights[0], op.groupRows*op.tiles), op.stripRows)
}

func (op *conv) kernels(set *kernels.Set) string {
	return fmt.Sprintf("%s by taps, strips of %d rows", tiles(set, op.weights, op.step.Out.W), op.stripRows)
}

func (op *pointwise) kernels(set *kernels.Set) string {
	return tiles(set, op.weights, op.step.Out.Pixels())
}

func (op *pool) kernels(*kernels.Set) string { return "sum" }

func (op *linear) kernels(set *kernels.Set) string { return tiles(set, op.product.Matrix, 1) }

func (op *squeezeExcite) kernels(set *kernels.Set) string {
	scale := "scale"
	if op.scaled != noBuffer {
		scale = "scale weights"
	}
	return fmt.Sprintf("sum, %s, sigmoid, %s", tiles(set, op.expand.Matrix, 1), scale)
}

func joined(sizes []int) string {
	texts := make([]string, len(sizes))
	for i, n := range sizes {
		texts[i] = fmt.Sprint(n)
	}
	return strings.Join(texts, ", 1×")
}
