package naming

import (
	"slices"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

// unit is a convolution with its batch norm, or one with a bias: its canonical
// name and that of its modules in a port.
type unit struct {
	canonical  string
	conv, norm string // norm is empty where there is a bias
	shape      []int  // of the weight; the classifier's begins with 0
}

// units lists a variant's convolutions and classifier in the order of the
// network, by the names of a port below prefix.
func units(v model.Variant, s scheme, prefix string) []unit {
	blocks := v.Blocks()
	list := make([]unit, 0, 5*len(blocks)+3)
	list = append(list, s.stemUnit(v, prefix))
	for i, b := range blocks {
		for _, part := range parts(b) {
			p := place{role: part.role, block: b, serial: i, stages: len(v.Stages), fused: b.Op == model.FusedMBConv}
			list = append(list, s.at(b.Name()+"."+part.role, p, prefix, part.shape...))
		}
	}
	head := s.headUnit(v, prefix, v.StemChannels())
	if len(blocks) > 0 {
		head.shape[1] = blocks[len(blocks)-1].OutChannels
	}
	return append(list, head, s.at("classifier", place{role: roleClassifier}, prefix, 0, v.HeadChannels()))
}

func (s scheme) stemUnit(v model.Variant, prefix string) unit {
	return s.at("stem", place{role: roleStem}, prefix, v.StemChannels(), 3, 3, 3)
}

func (s scheme) headUnit(v model.Variant, prefix string, in int) unit {
	return s.at("head", place{role: roleHead, stages: len(v.Stages)}, prefix, v.HeadChannels(), in, 1, 1)
}

// at is the unit of a place.
func (s scheme) at(canonical string, p place, prefix string, shape ...int) unit {
	conv, norm := s.unit(p)
	conv, norm = under(prefix, conv, norm)
	return unit{canonical: canonical, conv: conv, norm: norm, shape: shape}
}

// part is one convolution of a block.
type part struct {
	role  string
	shape []int
}

func parts(b model.Block) []part {
	k, e := b.KernelSize, b.Expanded
	project := part{"project", []int{b.OutChannels, e, 1, 1}}
	if b.Op == model.FusedMBConv {
		if !b.HasExpand() {
			return []part{{"fused", []int{b.OutChannels, b.InChannels, k, k}}}
		}
		return []part{{"fused", []int{e, b.InChannels, k, k}}, project}
	}
	var list []part
	if b.HasExpand() {
		list = append(list, part{"expand", []int{e, b.InChannels, 1, 1}})
	}
	list = append(list, part{"depthwise", []int{e, 1, k, k}})
	if s := b.SEChannels; s > 0 {
		list = append(list, part{"se.reduce", []int{s, e, 1, 1}}, part{"se.expand", []int{e, s, 1, 1}})
	}
	return append(list, project)
}

func (u unit) isClassifier() bool { return len(u.shape) == 2 }

// fits tells whether the unit's weight is in d with its shape.
func (u unit) fits(d *state.Dict) bool {
	t, ok := d.Lookup(u.conv + ".weight")
	if !ok || u.isClassifier() {
		return ok && len(t.Shape) == 2 && t.Shape[1] == u.shape[1]
	}
	return slices.Equal(t.Shape, u.shape)
}

// named is a tensor of a unit: its name in the file, its canonical name and
// the shape that it must have.
type named struct {
	file, canonical string
	shape           []int
}

// tensors lists the tensors of a unit; classes is the classifier's outputs.
func (u unit) tensors(classes int) []named {
	shape, weight := u.shape, ".conv.weight"
	if u.isClassifier() {
		shape = []int{classes, u.shape[1]}
	}
	vector := shape[:1]
	if u.norm == "" {
		return []named{
			{u.conv + ".weight", u.canonical + ".weight", shape},
			{u.conv + ".bias", u.canonical + ".bias", vector},
		}
	}
	return []named{
		{u.conv + ".weight", u.canonical + weight, shape},
		{u.norm + ".weight", u.canonical + ".norm.weight", vector},
		{u.norm + ".bias", u.canonical + ".norm.bias", vector},
		{u.norm + ".running_mean", u.canonical + ".norm.mean", vector},
		{u.norm + ".running_var", u.canonical + ".norm.variance", vector},
	}
}
