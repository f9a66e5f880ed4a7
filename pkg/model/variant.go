// Package model computes the networks of the EfficientNet family: variants and
// how they are scaled, the topology as a list of named steps, and plans that
// run it on packed weights.
package model

import (
	"fmt"
	"math"

	"github.com/effnet/effnet/pkg/kernels"
)

// BlockOp is the kind of a stage's blocks.
type BlockOp string

// The blocks of the family. FusedMBConv has one full convolution in place of
// expansion and depthwise convolution.
const (
	MBConv      BlockOp = "MBConv"
	FusedMBConv BlockOp = "FusedMBConv"
)

// Stage is one row of an architecture table before scaling: NumLayers blocks,
// of which the first has the stride and changes the channels.
// SERatio is the share of the block's input channels that squeeze-and-
// excitation keeps; 0 leaves it out.
type Stage struct {
	Op                                 BlockOp
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
	// RoundLimit is the least share of the exact channel count that rounding
	// may leave.
	RoundLimit float64
	// FixedEnds keeps stem and head unscaled and the first and last stage at
	// their own depth, as EfficientNet-Lite does.
	FixedEnds bool

	custom custom
}

// Block is one block of a scaled variant.
type Block struct {
	Op                      BlockOp
	Stage, Index            int
	InChannels, OutChannels int
	Expanded                int // channels between expansion and projection
	KernelSize, Stride      int
	SEChannels              int // 0: no squeeze-and-excitation
}

// Name is the block's prefix in names of steps and parameters.
func (b Block) Name() string { return fmt.Sprintf("stages.%d.%d", b.Stage, b.Index) }

// HasExpand tells whether the block is wider inside than its input.
func (b Block) HasExpand() bool { return b.Expanded != b.InChannels }

// HasResidual tells whether the block's input is added to its output.
func (b Block) HasResidual() bool { return b.Stride == 1 && b.InChannels == b.OutChannels }

// channels scales a channel count: the nearest multiple of 8, not below
// RoundLimit of the exact value (round_filters of the reference
// implementation).
func (v Variant) channels(n int) int {
	const divisor = 8
	exact := float64(n) * v.WidthMult
	c := max(divisor, int(exact+divisor/2)/divisor*divisor)
	if float64(c) < v.RoundLimit*exact {
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
				Op: s.Op, Stage: i, Index: j, InChannels: in, OutChannels: out, Expanded: in * s.ExpandRatio,
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
