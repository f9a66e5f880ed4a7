package keras

import (
	"fmt"
	"slices"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/state"
)

// want is one tensor that a variant needs, and where the file keeps it.
type want struct {
	part      part
	kind      string // of the variable
	canonical string
	shape     []int // in the file
	shaped    []int // canonical
}

// statistics are the variables of a batch norm and their canonical names.
var statistics = [][2]string{
	{"gamma", "weight"}, {"beta", "bias"}, {"moving_mean", "mean"}, {"moving_variance", "variance"},
}

// wants lists all tensors of a step but for the classifier's.
func wants(s model.Step) []want {
	in, out, k := s.In.C, s.Out.C, s.Kernel
	switch s.Op {
	case model.Stem, model.Conv, model.Pointwise, model.Depthwise:
		kernel := want{part{s.Name, false}, "kernel", s.Name + ".conv.weight", []int{k, k, in, out}, []int{out, in, k, k}}
		if s.Op == model.Depthwise {
			kernel.shape, kernel.shaped = []int{k, k, out, 1}, []int{out, 1, k, k}
		}
		list := []want{kernel}
		for _, stat := range statistics {
			list = append(list, vector(part{s.Name, true}, stat[0], s.Name+".norm."+stat[1], out))
		}
		return list
	case model.SqueezeExcite:
		var list []want
		for _, u := range []struct {
			name    string
			in, out int
		}{{".reduce", in, s.Hidden}, {".expand", s.Hidden, in}} {
			p := part{s.Name + u.name, false}
			list = append(list,
				want{p, "kernel", p.unit + ".weight", []int{1, 1, u.in, u.out}, []int{u.out, u.in, 1, 1}},
				vector(p, "bias", p.unit+".bias", u.out))
		}
		return list
	}
	return nil
}

func vector(p part, kind, canonical string, n int) want {
	return want{p, kind, canonical, []int{n}, []int{n}}
}

// steps is the forward pass of a variant; only shapes count here.
func steps(v model.Variant) []model.Step {
	return model.Trace(v, profile.Same, v.Resolution, 1)
}

// expected lists the tensors of a variant in the order of the network.
func expected(v model.Variant) []want {
	var list []want
	for _, s := range steps(v) {
		list = append(list, wants(s)...)
	}
	return list
}

// problems holds the layers of parts to a variant: what is missing, misshapen
// or extra, by the names of the file.
func problems(v model.Variant, found map[part]*layer) []string {
	var list []string
	known := map[*layer][]string{}
	namer := newNamer(v)
	for _, w := range expected(v) {
		l := found[w.part]
		if l == nil {
			list = append(list, fmt.Sprintf("tensor %s is missing (expected shape %v)", state.Quote(namer.name(w.part)+"/"+w.kind), w.shape))
			continue
		}
		known[l] = append(known[l], w.kind)
		t, ok := l.find(w.kind)
		switch {
		case !ok:
			list = append(list, fmt.Sprintf("tensor %s is missing (expected shape %v)", state.Quote(l.name+"/"+w.kind), w.shape))
		case !slices.Equal(t.data.Shape, w.shape):
			list = append(list, fmt.Sprintf("tensor %s has shape %v, expected %v", state.Quote(t.name), t.data.Shape, w.shape))
		}
	}
	var extra []string
	for _, l := range found {
		for _, t := range l.vars {
			if !slices.Contains(known[l], t.kind) {
				extra = append(extra, fmt.Sprintf("tensor %s is not part of the network", state.Quote(t.name)))
			}
		}
	}
	slices.Sort(extra)
	return append(list, extra...)
}

// namer gives missing layers the names that Keras has for them.
type namer struct {
	second  bool
	expands map[string]bool // prefixes of blocks with an expansion
}

func newNamer(v model.Variant) namer {
	n := namer{expands: map[string]bool{}}
	for _, b := range v.Blocks() {
		n.second = n.second || b.Op == model.FusedMBConv
		n.expands[b.Name()+"."] = b.HasExpand()
	}
	return n
}

func (n namer) name(p part) string {
	block, _ := cutRole(p.unit)
	return layerName(p, n.second, n.expands[block])
}
