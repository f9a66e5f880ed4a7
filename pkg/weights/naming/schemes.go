package naming

import (
	"fmt"

	"github.com/effnet/effnet/pkg/model"
)

// scheme is how a port of the family names its modules.
type scheme struct {
	name string
	stem string // module of the stem's convolution
	unit func(p place) (conv, norm string)
}

// place is one convolution or the classifier of a network. role is the last
// part of its canonical name.
type place struct {
	role   string
	block  model.Block // of the stages
	serial int         // of the block in the whole network
	stages int
	fused  bool // block.Op is FusedMBConv
}

// The roles outside of blocks.
const (
	roleStem       = "stem"
	roleHead       = "head"
	roleClassifier = "classifier"
)

// schemes are the ports whose state dicts are understood. geffnet
// (gen-efficientnet-pytorch) has the names of timm, its successor.
var schemes = []scheme{
	{Torchvision, "features.0.0", torchvision},
	{Timm, "conv_stem", timm},
	{EfficientNetPyTorch, "_conv_stem", efficientNetPyTorch},
}

// The names of the schemes.
const (
	Torchvision         = "torchvision"
	Timm                = "timm"
	EfficientNetPyTorch = "efficientnet_pytorch"
)

// torchvision numbers what it keeps in nn.Sequential: a block is the list of
// the parts that it has.
func torchvision(p place) (conv, norm string) {
	var module string
	switch p.role {
	case roleClassifier:
		return "classifier.1", ""
	case roleStem:
		module = "features.0"
	case roleHead:
		module = fmt.Sprintf("features.%d", p.stages+1)
	default:
		part := p.part()
		module = fmt.Sprintf("features.%d.%d.block.%d", p.block.Stage+1, p.block.Index, part)
	}
	switch p.role {
	case "se.reduce":
		return module + ".fc1", ""
	case "se.expand":
		return module + ".fc2", ""
	}
	return module + ".0", module + ".1"
}

// part counts the parts of a block that stand before this one.
func (p place) part() int {
	expand, se := 0, 0
	if p.block.HasExpand() {
		expand = 1
	}
	if p.block.SEChannels > 0 {
		se = 1
	}
	switch p.role {
	case "expand", "fused":
		return 0
	case "depthwise":
		return expand
	case "se.reduce", "se.expand":
		return expand + 1
	}
	if p.fused {
		return 1
	}
	return expand + 1 + se
}

// timm has a class of its own for each kind of block, with names of its own.
func timm(p place) (conv, norm string) {
	switch p.role {
	case roleStem:
		return "conv_stem", "bn1"
	case roleHead:
		return "conv_head", "bn2"
	case roleClassifier:
		return "classifier", ""
	case "se.reduce":
		conv = "se.conv_reduce"
	case "se.expand":
		conv = "se.conv_expand"
	case "fused":
		conv, norm = "conv_exp", "bn1" // EdgeResidual
		if !p.block.HasExpand() {
			conv = "conv" // ConvBnAct
		}
	case "expand":
		conv, norm = "conv_pw", "bn1"
	case "depthwise":
		conv, norm = "conv_dw", "bn2"
		if !p.block.HasExpand() {
			norm = "bn1"
		}
	case "project":
		conv, norm = "conv_pwl", "bn3" // InvertedResidual
		switch {
		case p.fused:
			norm = "bn2"
		case !p.block.HasExpand():
			conv, norm = "conv_pw", "bn2" // DepthwiseSeparableConv
		}
	}
	return under(fmt.Sprintf("blocks.%d.%d.", p.block.Stage, p.block.Index), conv, norm)
}

// efficientNetPyTorch numbers the blocks through; efficientnet_lite_pytorch
// has the same names.
func efficientNetPyTorch(p place) (conv, norm string) {
	switch p.role {
	case roleStem:
		return "_conv_stem", "_bn0"
	case roleHead:
		return "_conv_head", "_bn1"
	case roleClassifier:
		return "_fc", ""
	case "expand":
		conv, norm = "_expand_conv", "_bn0"
	case "depthwise":
		conv, norm = "_depthwise_conv", "_bn1"
	case "se.reduce":
		conv = "_se_reduce"
	case "se.expand":
		conv = "_se_expand"
	case "project":
		conv, norm = "_project_conv", "_bn2"
	default: // it has no fused blocks
		conv, norm = p.role, p.role
	}
	return under(fmt.Sprintf("_blocks.%d.", p.serial), conv, norm)
}

func under(prefix, conv, norm string) (string, string) {
	if norm == "" {
		return prefix + conv, ""
	}
	return prefix + conv, prefix + norm
}
