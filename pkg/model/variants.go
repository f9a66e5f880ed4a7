package model

import "github.com/effnet/effnet/pkg/kernels"

// v1 is table 1 of "EfficientNet: Rethinking Model Scaling for Convolutional
// Neural Networks" (Tan and Le, 2019).
var v1 = []Stage{
	{MBConv, 1, 3, 1, 32, 16, 1, 0.25},
	{MBConv, 6, 3, 2, 16, 24, 2, 0.25},
	{MBConv, 6, 5, 2, 24, 40, 2, 0.25},
	{MBConv, 6, 3, 2, 40, 80, 3, 0.25},
	{MBConv, 6, 5, 1, 80, 112, 3, 0.25},
	{MBConv, 6, 5, 2, 112, 192, 4, 0.25},
	{MBConv, 6, 3, 1, 192, 320, 1, 0.25},
}

// lite is v1 without squeeze-and-excitation.
var lite = func() []Stage {
	stages := append([]Stage(nil), v1...)
	for i := range stages {
		stages[i].SERatio = 0
	}
	return stages
}()

// The tables of "EfficientNetV2: Smaller Models and Faster Training" (Tan and
// Le, 2021) and of its reference implementation.
var (
	v2Base = []Stage{
		{FusedMBConv, 1, 3, 1, 32, 16, 1, 0},
		{FusedMBConv, 4, 3, 2, 16, 32, 2, 0},
		{FusedMBConv, 4, 3, 2, 32, 48, 2, 0},
		{MBConv, 4, 3, 2, 48, 96, 3, 0.25},
		{MBConv, 6, 3, 1, 96, 112, 5, 0.25},
		{MBConv, 6, 3, 2, 112, 192, 8, 0.25},
	}
	v2S = []Stage{
		{FusedMBConv, 1, 3, 1, 24, 24, 2, 0},
		{FusedMBConv, 4, 3, 2, 24, 48, 4, 0},
		{FusedMBConv, 4, 3, 2, 48, 64, 4, 0},
		{MBConv, 4, 3, 2, 64, 128, 6, 0.25},
		{MBConv, 6, 3, 1, 128, 160, 9, 0.25},
		{MBConv, 6, 3, 2, 160, 256, 15, 0.25},
	}
	v2M = []Stage{
		{FusedMBConv, 1, 3, 1, 24, 24, 3, 0},
		{FusedMBConv, 4, 3, 2, 24, 48, 5, 0},
		{FusedMBConv, 4, 3, 2, 48, 80, 5, 0},
		{MBConv, 4, 3, 2, 80, 160, 7, 0.25},
		{MBConv, 6, 3, 1, 160, 176, 14, 0.25},
		{MBConv, 6, 3, 2, 176, 304, 18, 0.25},
		{MBConv, 6, 3, 1, 304, 512, 5, 0.25},
	}
	v2L = []Stage{
		{FusedMBConv, 1, 3, 1, 32, 32, 4, 0},
		{FusedMBConv, 4, 3, 2, 32, 64, 7, 0},
		{FusedMBConv, 4, 3, 2, 64, 96, 7, 0},
		{MBConv, 4, 3, 2, 96, 192, 10, 0.25},
		{MBConv, 6, 3, 1, 192, 224, 19, 0.25},
		{MBConv, 6, 3, 2, 224, 384, 25, 0.25},
		{MBConv, 6, 3, 1, 384, 640, 7, 0.25},
	}
	v2XL = []Stage{
		{FusedMBConv, 1, 3, 1, 32, 32, 4, 0},
		{FusedMBConv, 4, 3, 2, 32, 64, 8, 0},
		{FusedMBConv, 4, 3, 2, 64, 96, 8, 0},
		{MBConv, 4, 3, 2, 96, 192, 16, 0.25},
		{MBConv, 6, 3, 1, 192, 256, 24, 0.25},
		{MBConv, 6, 3, 2, 256, 512, 32, 0.25},
		{MBConv, 6, 3, 1, 512, 640, 8, 0.25},
	}
)

const prefix = "efficientnet-"

func efficientNet(name string, width, depth float64, resolution int) Variant {
	return Variant{
		Name: prefix + name, Stages: v1, Stem: 32, Head: 1280, WidthMult: width, DepthMult: depth,
		Resolution: resolution, Activation: kernels.SiLU, RoundLimit: 0.9,
	}
}

func efficientNetLite(name string, width, depth float64, resolution int) Variant {
	v := efficientNet(name, width, depth, resolution)
	v.Stages, v.Activation, v.FixedEnds = lite, kernels.ReLU6, true
	return v
}

func efficientNetV2(name string, stages []Stage, width, depth float64, resolution int) Variant {
	v := efficientNet("v2-"+name, width, depth, resolution)
	v.Stages, v.Stem, v.RoundLimit = stages, stages[0].InChannels, 0
	return v
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
	efficientNetV2("b0", v2Base, 1.0, 1.0, 224),
	efficientNetV2("b1", v2Base, 1.0, 1.1, 240),
	efficientNetV2("b2", v2Base, 1.1, 1.2, 260),
	efficientNetV2("b3", v2Base, 1.2, 1.4, 300),
	efficientNetV2("s", v2S, 1.0, 1.0, 384),
	efficientNetV2("m", v2M, 1.0, 1.0, 480),
	efficientNetV2("l", v2L, 1.0, 1.0, 480),
	efficientNetV2("xl", v2XL, 1.0, 1.0, 512),
}

// Variants lists every variant of the table, in its order.
func Variants() []Variant { return append([]Variant(nil), variants...) }
