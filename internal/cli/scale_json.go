package cli

import (
	"time"

	"github.com/effnet/effnet/internal/cpu"
	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/model"
)

// scaleDocument is what effnet scale -f json prints.
type scaleDocument struct {
	Schema   string       `json:"schema"`
	Alpha    float64      `json:"alpha"`
	Beta     float64      `json:"beta"`
	Gamma    float64      `json:"gamma"`
	Growth   float64      `json:"growth"` // α·β²·γ²
	Phi      *float64     `json:"phi"`    // null where scaled freely
	Tier     cpu.Tier     `json:"tier,omitempty"`
	Baseline scaledJSON   `json:"baseline"`
	Scaled   scaledJSON   `json:"scaled"`
	Stages   []stageJSON  `json:"stages"` // of the scaled network
	Compare  []scaledJSON `json:"compare,omitempty"`
}

// scaledJSON is a network. Number is φ, or the multiplier that the scaling is
// named after; share is relative to the baseline.
type scaledJSON struct {
	Scaling     string          `json:"scaling"`
	Number      *float64        `json:"number,omitempty"`
	Variant     string          `json:"variant"`
	Depth       float64         `json:"depth"`
	Width       float64         `json:"width"`
	Resolution  int             `json:"resolution"`
	Blocks      int             `json:"blocks"`
	Params      int64           `json:"params"`
	MACs        int64           `json:"macs"`
	MACsOff     *float64        `json:"macs_off,omitempty"` // relative to the scaled network
	WeightBytes int64           `json:"weight_bytes"`
	Activations activationsJSON `json:"activation_bytes"`
	Share       shareJSON       `json:"share"`
	Latency     *latencyJSON    `json:"latency_ms,omitempty"`
}

type shareJSON struct {
	Params      float64 `json:"params"`
	MACs        float64 `json:"macs"`
	Activations float64 `json:"activations"`
}

// latencyJSON is the median of one thread, and of several.
type latencyJSON struct {
	One     float64 `json:"one_thread"`
	All     float64 `json:"all_threads"`
	Threads int     `json:"threads"`
}

// document describes the scaling for a program.
func (w *scaling) document() scaleDocument {
	c := w.o.Compound
	d := scaleDocument{
		Schema: report.SchemaName, Alpha: c.Alpha, Beta: c.Beta, Gamma: c.Gamma, Growth: c.Growth(),
		Baseline: w.json(&w.baseline), Scaled: w.json(&w.scaled), Stages: stagesJSON(w.scaled.sum.Stages),
	}
	if !w.o.Free {
		d.Phi = &w.o.Phi
	}
	if w.o.Run {
		d.Tier = w.set.Tier
	}
	for i := range w.others {
		d.Compare = append(d.Compare, w.json(&w.others[i]))
	}
	return d
}

func (w *scaling) json(r *scaledRow) scaledJSON {
	s, base := r.sum, w.baseline.sum
	ratio := func(part, whole int64) float64 { return float64(part) / float64(whole) }
	j := scaledJSON{
		Scaling: r.way, Variant: s.Variant.Name, Depth: s.Variant.DepthMult, Width: s.Variant.WidthMult,
		Resolution: s.Resolution, Blocks: len(s.Variant.Blocks()), Params: s.Params, MACs: s.MACs,
		WeightBytes: s.WeightBytes(), Activations: activationsJSON{s.ArenaBytes, s.ActivationBytes},
		Share: shareJSON{ratio(s.Params, base.Params), ratio(s.MACs, base.MACs), ratio(s.ArenaBytes, base.ArenaBytes)},
	}
	switch r.way {
	case wayBaseline, wayGiven:
	default:
		j.Number = &r.number
	}
	if r.way != wayBaseline && r != &w.scaled {
		off := w.off(r)
		j.MACsOff = &off
	}
	if l := r.latency; l != nil {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		j.Latency = &latencyJSON{ms(l.one), ms(l.all), l.threads}
	}
	return j
}

func stagesJSON(stages []model.StageSummary) []stageJSON {
	var list []stageJSON
	for _, s := range stages {
		list = append(list, stageJSON{
			s.Name, s.Op, s.ExpandRatio, s.SERatio, s.Layers, newCostJSON(s.Kernel, s.Stride, s.Out, s.Cost, s.Field),
		})
	}
	return list
}
