package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// showDocument is what effnet show -f json prints.
type showDocument struct {
	Schema      string           `json:"schema"`
	Model       string           `json:"model"`
	Variant     string           `json:"variant"`
	Params      int64            `json:"params"`
	MACs        int64            `json:"macs"`
	Resolution  int              `json:"resolution"`
	Classes     int              `json:"classes"`
	Padding     profile.Padding  `json:"padding"`
	Depth       float64          `json:"depth"`
	Width       float64          `json:"width"`
	WeightBytes int64            `json:"weight_bytes"`
	Activations activationsJSON  `json:"activation_bytes"`
	Profile     *profile.Profile `json:"profile"`
	Labels      *int             `json:"labels,omitempty"`
	Source      string           `json:"source,omitempty"`
	License     string           `json:"license,omitempty"`
	Temperature float64          `json:"temperature,omitempty"`
	Scheme      string           `json:"scheme,omitempty"`  // whose names a foreign file has
	Assumed     []string         `json:"assumed,omitempty"` // what it does not tell
	Stages      []stageJSON      `json:"stages"`
	Layers      []layerJSON      `json:"layers,omitempty"`
}

// activationsJSON is bytes: as a plan reuses them, and all of them.
type activationsJSON struct {
	Arena int64 `json:"arena"`
	Sum   int64 `json:"sum"`
}

// costJSON is what stages and layers have in common. Output is H, W, C.
type costJSON struct {
	Kernel        int    `json:"kernel,omitempty"`
	Stride        int    `json:"stride,omitempty"`
	Output        [3]int `json:"output"`
	Params        int64  `json:"params"`
	MACs          int64  `json:"macs"`
	Activations   int64  `json:"activation_bytes"`
	ReceptiveSize int    `json:"receptive_field"`
	ReceptiveJump int    `json:"receptive_jump"`
}

type stageJSON struct {
	Name     string  `json:"name"`
	Operator string  `json:"operator"`
	Expand   int     `json:"expand_ratio,omitempty"`
	SE       float64 `json:"se_ratio,omitempty"`
	Layers   int     `json:"layers"`
	costJSON
}

type layerJSON struct {
	Name       string   `json:"name"`
	Operator   model.Op `json:"operator"`
	Activation string   `json:"activation,omitempty"`
	Hidden     int      `json:"hidden,omitempty"` // of squeeze-and-excitation
	costJSON
	Operation string `json:"operation"`         // of the plan
	Kernels   string `json:"kernels,omitempty"` // of the operation, on its last layer
	Residual  bool   `json:"residual"`
	Scales    string `json:"scales,omitempty"` // of squeeze-and-excitation: weights or activations
}

func newCostJSON(kernel, stride int, out model.Map, c model.Cost, f model.Field) costJSON {
	return costJSON{kernel, stride, [3]int{out.H, out.W, out.C}, c.Params, c.MACs, c.ActivationBytes, f.Size, f.Jump}
}

// document describes the model for a program.
func (w shown) document(layers bool) showDocument {
	d := showDocument{
		Schema: report.SchemaName, Model: w.name, Variant: w.Variant.Name,
		Params: w.Params, MACs: w.MACs, Resolution: w.Resolution, Classes: w.Classes,
		Padding: w.padding, Depth: w.Variant.DepthMult, Width: w.Variant.WidthMult,
		WeightBytes: w.WeightBytes(), Activations: activationsJSON{w.ArenaBytes, w.ActivationBytes},
		Stages: stagesJSON(w.Stages),
	}
	if w.info != nil {
		labels := len(w.info.Labels)
		d.Profile, d.Labels, d.Source, d.License = &w.info.Profile, &labels, w.info.Source, w.info.License
		d.Temperature = w.info.Temperature
		d.Scheme, d.Assumed = w.info.Scheme, w.info.Assumed
	}
	if !layers {
		return d
	}
	for _, l := range w.Layers {
		j := layerJSON{
			Name: l.Name, Operator: l.Op, Hidden: l.Hidden,
			costJSON:  newCostJSON(l.Kernel, l.Stride, l.Out, l.Cost, l.Field),
			Operation: l.Operation, Kernels: l.Kernels, Residual: l.Residual != nil,
		}
		if l.Activation != kernels.None {
			j.Activation = l.Activation.String()
		}
		if l.Op == model.SqueezeExcite {
			j.Scales = "activations"
			if l.ScalesWeights {
				j.Scales = "weights"
			}
		}
		d.Layers = append(d.Layers, j)
	}
	return d
}

// writeJSON writes one object and ends the line.
func writeJSON(w io.Writer, document any) error {
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	return written(fmt.Fprintf(w, "%s\n", text))
}
