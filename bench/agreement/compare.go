package main

import (
	"fmt"
	"math"
	"os"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// network is a model at a resolution.
type network struct {
	name    string
	plan    *model.Plan
	profile profile.Profile
	small   bool // not its own resolution
}

// trial is a picture decoded at a scale, beside the full decode.
type trial struct {
	photo, set string
	scale      int     // 1: in full, but rounded once
	gap        float64 // pixels of the crop, at that scale, for each of the input
	changed    bool    // another class is the most probable
	margin     float64 // between the probabilities of the first two classes, in full
	first      float64 // difference of the probabilities of the first class in full
	largest    float64 // the largest difference of all classes
}

// comparer belongs to one goroutine.
type comparer struct {
	networks   []*network
	workspaces []*model.Workspace
	pixels     preprocess.Workspace
}

func newComparer(networks []*network) *comparer {
	c := &comparer{networks: networks}
	for _, n := range networks {
		c.workspaces = append(c.workspaces, n.plan.NewWorkspace(1))
	}
	return c
}

func (c *comparer) close() {
	for _, ws := range c.workspaces {
		ws.Close()
	}
}

// photo gives the trials of one file.
func (c *comparer) photo(path string, seed uint64) ([]trial, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := preprocess.Decode(data, preprocess.Options{NoEXIF: true})
	if err != nil {
		return nil, err
	}
	views, err := viewsOf(data, p, seed)
	if err != nil {
		return nil, err
	}
	var trials []trial
	for i, n := range c.networks {
		for k, v := range views {
			if n.small != v.small {
				continue
			}
			set := v.set + ", " + n.name
			if n.small {
				set += fmt.Sprintf(" at %d", n.profile.Resolution)
			}
			found, err := c.scales(i, v.data, set)
			if err != nil {
				return nil, err
			}
			for t := range found {
				found[t].photo = fmt.Sprintf("%s %d", path, k)
			}
			trials = append(trials, found...)
		}
	}
	return trials, nil
}

// view is one way to show a photo to the networks.
type view struct {
	set   string
	data  []byte
	small bool // to those of small resolutions
}

// viewsOf shows a large photo as it is and parts of it, another one enlarged,
// and as it is to networks of small resolution.
func viewsOf(data []byte, p *preprocess.Picture, seed uint64) ([]view, error) {
	if min(p.Width, p.Height) >= 2*smallestWindow {
		parts, err := windows(p, 10, seed)
		views := []view{{set: "large", data: data}}
		for _, part := range parts {
			views = append(views, view{set: "part", data: part})
		}
		return views, err
	}
	plain, grained, err := enlarged(p, seed)
	return []view{
		{set: "enlarged", data: plain}, {set: "with grain", data: grained}, {set: "as it is", data: data, small: true},
	}, err
}

// scales compares each scale that a picture can be decoded at with the full
// one.
func (c *comparer) scales(i int, data []byte, set string) (trials []trial, err error) {
	n := c.networks[i]
	x := tensor.New(tensor.Shape{N: 1, H: n.profile.Resolution, W: n.profile.Resolution, C: 3})
	in, err := c.read(data, 0, n, x)
	if err != nil {
		return nil, err
	}
	full, err := c.probabilities(i, x)
	if err != nil {
		return nil, err
	}
	side := math.Floor(n.profile.Crop * float64(min(in.Width, in.Height)))
	for scale := 2; scale <= 8; scale *= 2 {
		gap := side / float64(scale*n.profile.Resolution)
		if gap < 1 {
			break
		}
		if in, err = c.read(data, gap, n, x); err != nil {
			return nil, err
		}
		if in.Scale != scale {
			return nil, fmt.Errorf("decoded at 1/%d instead of 1/%d", in.Scale, scale)
		}
		got, err := c.probabilities(i, x)
		if err != nil {
			return nil, err
		}
		trials = append(trials, compared(trial{set: set, scale: scale, gap: gap}, full, got))
	}
	if len(trials) > 0 && n.profile.Interpolation == profile.Bicubic {
		p, err := preprocess.Decode(data, preprocess.Options{NoEXIF: true})
		if err != nil {
			return nil, err
		}
		onceRounded(p, n.profile, x.Data)
		got, err := c.probabilities(i, x)
		if err != nil {
			return nil, err
		}
		trials = append(trials, compared(trial{set: set, scale: 1, gap: trials[0].gap}, full, got))
	}
	return trials, nil
}

// compared fills in how probabilities differ from those of the full decode.
func compared(t trial, full, got []float64) trial {
	first, second := best(full)
	now, _ := best(got)
	t.margin = full[first] - full[second]
	t.changed, t.first = now != first, math.Abs(full[first]-got[first])
	for k := range full {
		t.largest = max(t.largest, math.Abs(full[k]-got[k]))
	}
	return t
}

// read makes a tensor of a picture decoded by a rule.
func (c *comparer) read(data []byte, gap float64, n *network, x *tensor.Tensor) (preprocess.Input, error) {
	o := preprocess.Options{Scaling: preprocess.Scaling{Gap: gap}, NoEXIF: true}
	return c.pixels.Read(data, o, preprocess.Center, n.profile, x.Data)
}

// probabilities runs a network.
func (c *comparer) probabilities(i int, x *tensor.Tensor) ([]float64, error) {
	logits, err := c.networks[i].plan.Run(c.workspaces[i], x)
	if err != nil {
		return nil, err
	}
	return softmax(logits), nil
}

func softmax(logits []float32) []float64 {
	top, sum := math.Inf(-1), 0.0
	for _, l := range logits {
		top = max(top, float64(l))
	}
	p := make([]float64, len(logits))
	for i, l := range logits {
		p[i] = math.Exp(float64(l) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// best returns the two most probable classes.
func best(p []float64) (first, second int) {
	first, second = 0, 1
	if p[1] > p[0] {
		first, second = 1, 0
	}
	for i := 2; i < len(p); i++ {
		switch {
		case p[i] > p[first]:
			first, second = i, first
		case p[i] > p[second]:
			second = i
		}
	}
	return first, second
}
