// Package model computes the networks of the EfficientNet family: variants and
// how they are scaled, the topology as a list of named steps, and plans that
// run it on packed weights.
package model

import (
	"fmt"
	"math"
	"strings"

	"github.com/effnet/effnet/pkg/kernels"
)

// Stage is one row of an architecture table before scaling: NumLayers blocks,
// of which the first has the stride and changes the channels.
// SERatio is the share of the block's input channels that squeeze-and-
// excitation keeps; 0 leaves it out.
type Stage struct {
	ExpandRatio, KernelSize, Stride    int
	InChannels, OutChannels, NumLayers int
	SERatio                            float64
}

// Variant is a network of the family: an architecture table and how it is
// scaled.
type Variant struct {
	Name       string
	Stages     []Stage
	Stem, Head int // channels before scaling
	WidthMult  float64
	DepthMult  float64
	Resolution int // pixels a side that it was published for
	Activation kernels.Activation
	// FixedEnds keeps stem and head unscaled and the first and last stage at
	// their own depth, as EfficientNet-Lite does.
	FixedEnds bool
}

// Block is one MBConv of a scaled variant.
type Block struct {
	Stage, Index            int
	InChannels, OutChannels int
	Expanded                int // channels of the depthwise convolution
	KernelSize, Stride      int
	SEChannels              int // 0: no squeeze-and-excitation
}

// Name is the block's prefix in names of steps and parameters.
func (b Block) Name() string { return fmt.Sprintf("stages.%d.%d", b.Stage, b.Index) }

// HasExpand tells whether a pointwise convolution widens the input first.
func (b Block) HasExpand() bool { return b.Expanded != b.InChannels }

// HasResidual tells whether the block's input is added to its output.
func (b Block) HasResidual() bool { return b.Stride == 1 && b.InChannels == b.OutChannels }

// v1 is table 1 of "EfficientNet: Rethinking Model Scaling for Convolutional
// Neural Networks" (Tan and Le, 2019).
var v1 = []Stage{
	{1, 3, 1, 32, 16, 1, 0.25},
	{6, 3, 2, 16, 24, 2, 0.25},
	{6, 5, 2, 24, 40, 2, 0.25},
	{6, 3, 2, 40, 80, 3, 0.25},
	{6, 5, 1, 80, 112, 3, 0.25},
	{6, 5, 2, 112, 192, 4, 0.25},
	{6, 3, 1, 192, 320, 1, 0.25},
}

// lite is v1 without squeeze-and-excitation.
var lite = func() []Stage {
	stages := append([]Stage(nil), v1...)
	for i := range stages {
		stages[i].SERatio = 0
	}
	return stages
}()

func efficientNet(name string, width, depth float64, resolution int) Variant {
	return Variant{
		Name: "efficientnet-" + name, Stages: v1, Stem: 32, Head: 1280,
		WidthMult: width, DepthMult: depth, Resolution: resolution, Activation: kernels.SiLU,
	}
}

func efficientNetLite(name string, width, depth float64, resolution int) Variant {
	return Variant{
		Name: "efficientnet-" + name, Stages: lite, Stem: 32, Head: 1280,
		WidthMult: width, DepthMult: depth, Resolution: resolution, Activation: kernels.ReLU6, FixedEnds: true,
	}
}

var variants = []Variant{
	efficientNet("b0", 1.0, 1.0, 224),
	efficientNet("b1", 1.0, 1.1, 240),
	efficientNet("b2", 1.1, 1.2, 260),
	efficientNet("b3", 1.2, 1.4, 300),
	efficientNet("b4", 1.4, 1.8, 380),
	efficientNet("b5", 1.6, 2.2, 456),
	efficientNet("b6", 1.8, 2.6, 528),
	efficientNet("b7", 2.0, 3.1, 600),
	efficientNet("b8", 2.2, 3.6, 672),
	efficientNet("l2", 4.3, 5.3, 800),
	efficientNetLite("lite0", 1.0, 1.0, 224),
	efficientNetLite("lite1", 1.0, 1.1, 240),
	efficientNetLite("lite2", 1.1, 1.2, 260),
	efficientNetLite("lite3", 1.2, 1.4, 280),
	efficientNetLite("lite4", 1.4, 1.8, 300),
}

// Variants lists every variant of the table, in its order.
func Variants() []Variant { return append([]Variant(nil), variants...) }

// Lookup finds a variant by its full name or without the "efficientnet-"
// prefix.
func Lookup(name string) (Variant, error) {
	for _, v := range variants {
		if v.Name == name || strings.TrimPrefix(v.Name, "efficientnet-") == name {
			return v, nil
		}
	}
	return Variant{}, fmt.Errorf("unknown variant %q", name)
}

// channels scales a channel count: the nearest multiple of 8, never below 90 %
// of the exact value (round_filters of the reference implementation).
func (v Variant) channels(n int) int {
	const divisor = 8
	exact := float64(n) * v.WidthMult
	c := max(divisor, int(exact+divisor/2)/divisor*divisor)
	if float64(c) < 0.9*exact {
		c += divisor
	}
	return c
}

// endChannels scales the stem's or the head's channels.
func (v Variant) endChannels(n int) int {
	if v.FixedEnds {
		return n
	}
	return v.channels(n)
}

func (v Variant) layers(stage int) int {
	n := v.Stages[stage].NumLayers
	if v.FixedEnds && (stage == 0 || stage == len(v.Stages)-1) {
		return n
	}
	return int(math.Ceil(float64(n) * v.DepthMult))
}

// StemChannels is the scaled number of channels after the stem.
func (v Variant) StemChannels() int { return v.endChannels(v.Stem) }

// HeadChannels is the scaled number of features before the classifier.
func (v Variant) HeadChannels() int { return v.endChannels(v.Head) }

// Blocks lists the scaled blocks in the order of the network.
func (v Variant) Blocks() []Block {
	var blocks []Block
	in := v.StemChannels()
	for i, s := range v.Stages {
		out, stride := v.channels(s.OutChannels), s.Stride
		for j := range v.layers(i) {
			b := Block{
				Stage: i, Index: j, InChannels: in, OutChannels: out, Expanded: in * s.ExpandRatio,
				KernelSize: s.KernelSize, Stride: stride,
			}
			if s.SERatio > 0 {
				b.SEChannels = max(1, int(float64(in)*s.SERatio))
			}
			blocks = append(blocks, b)
			in, stride = out, 1
		}
	}
	return blocks
}
