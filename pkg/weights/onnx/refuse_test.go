package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

func checkRefused(t *testing.T, what string, err error, want string) {
	t.Helper()
	var refused *state.Error
	switch {
	case err == nil:
		t.Errorf("%s: taken, want %q", what, want)
	case !errors.As(err, &refused) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), want):
		t.Errorf("%s: %T %q, want %q", what, err, err, want)
	}
}

// What does not belong to a network of the family is refused by the name of
// its node.
func TestGraphsThatDoNotFit(t *testing.T) {
	const old, lite, unfolded = "torchvision_old_opset9", "timm_lite_new", "torchvision_old_unfolded"
	const stem = `node "/features/features.0/features.0.0/Conv" (Conv): `
	for name, c := range map[string]struct {
		file, want string
		change     func(g graph)
	}{
		"unknown operator": {old, `"MaxPool_`, func(g graph) { g.behind(g.nth("Mul", 0), "MaxPool", nil) }},
		"HardSwish":        {old, `(HardSwish): no network of the family has this operator`, func(g graph) { g.behind(g.nth("Conv", 0), "HardSwish", nil) }},
		"unknown domain":   {old, `(ai.onnx.ml.Conv): no network`, func(g graph) { g.nth("Conv", 4).domain = "ai.onnx.ml" }},
		"function":         {old, `(pkg.torch.Conv): it may be a function of the file: inline`, func(g graph) { g.functions = true; g.nth("Conv", 4).domain = "pkg.torch" }},
		"blocked layout":   {old, `(com.microsoft.nchwc.Conv): weights are in the layout of one kind of processor`, func(g graph) { g.nth("Conv", 0).domain = nchwcDomain }},
		"operator on constants": {old, `(NonZero): unknown operator on constants`, func(g graph) {
			n := g.nth("Conv", 0)
			n.inputs[1] = g.newConstant(n.inputs[1], "NonZero")
		}},
		"a long operator": {old, `("` + strings.Repeat("x", 80) + `"…)`, func(g graph) { g.behind(g.nth("Conv", 0), strings.Repeat("x", 99), nil) }},
		"ReLU": {lite, `(Clip): expected SiLU, or ReLU6; it keeps values from 0 to 5`, func(g graph) {
			g.nth("Clip", 0).inputs[2] = g.floats("five", []int{}, 5)
		}},
		"a bound that is no number": {lite, `(Clip): a bound of shape [2]`, func(g graph) { g.nth("Clip", 0).inputs[2] = g.floats("two", []int{2}, 5, 6) }},
		"another activation":        {lite, `(Relu): expected SiLU, or ReLU6; it keeps values from 0 to +Inf`, func(g graph) { n := g.nth("Clip", 3); n.op, n.inputs = "Relu", n.inputs[:1] }},
		"alpha":                     {old, `alpha 1.702, expected 1`, func(g graph) { g.behind(g.nth("Conv", 0), "QuickGelu", nil).domain = microsoftDomain }},
		"cycle":                     {old, stem + `its input "/features/features.1/features.1.0/Add_output_0" is made only later`, func(g graph) { g.nodes[0].inputs[0] = "/features/features.1/features.1.0/Add_output_0" }},
		"missing input":             {old, stem + `its input "nowhere" is made nowhere`, func(g graph) { g.nodes[0].inputs[0] = "nowhere" }},
		"missing weights":           {old, stem + `its input "nothing" is made nowhere`, func(g graph) { g.nodes[0].inputs[1] = "nothing" }},
		"left out weights":          {old, stem + `3 inputs, expected a map, weights`, func(g graph) { g.nodes[0].inputs[1] = "" }},
		"output made twice":         {old, `is made twice`, func(g graph) { g.nodes[5].outputs[0] = g.nodes[2].outputs[0] }},
		"output that is a tensor":   {old, `is a tensor of the file too`, func(g graph) { g.nodes[5].outputs[0] = g.initializers[0].name }},
		"output that is an input":   {old, `is an input of the graph too`, func(g graph) { g.nodes[5].outputs[0] = g.inputs[0].name }},
		"tensor twice":              {old, `is in the file twice`, func(g graph) { g.initializers[1].name = g.initializers[0].name }},
		"no output at all":          {old, `(Sigmoid): its input "/features/features.0/features.0.0/Conv_output_0" is made nowhere`, func(g graph) { g.nodes[0].outputs = nil }},
		"second input": {old, `second input "mask"`, func(g graph) {
			g.modelFile.inputs = append(g.inputs, valueInfo{name: "mask", dims: []int64{1}})
			n := g.nth("Mul", 0)
			n.inputs[1] = "mask"
		}},
		"output of a constant":    {old, `does not depend on its input`, func(g graph) { g.outputs[0].name = g.initializers[0].name }},
		"output of nothing":       {old, `does not depend on its input`, func(g graph) { g.outputs[0].name = "nowhere" }},
		"no graph output":         {old, `has no output`, func(g graph) { g.modelFile.outputs = nil }},
		"subgraph":                {old, `holds a graph of its own`, func(g graph) { g.nodes[0].attributes[0].subgraph = true }},
		"attribute of a function": {old, `stands for one of a function`, func(g graph) { g.nodes[0].attributes[0].ref = "alpha" }},
		"input of one channel":    {old, `shape [1 1 64 64], expected [N 3 H W]`, func(g graph) { g.inputs[0].dims[1] = 1 }},
		"input not square":        {old, `expected [N 3 H W] or [N H W 3] with H = W`, func(g graph) { g.inputs[0].dims[3] = 65 }},
		"immense input":           {old, `with H = W from 32 to 4096`, func(g graph) { g.inputs[0].dims[2], g.inputs[0].dims[3] = 1<<40, 1<<40 }},
		"tiny input":              {old, `with H = W from 32 to 4096`, func(g graph) { g.inputs[0].dims[2], g.inputs[0].dims[3] = 8, 8 }},
		"negative input":          {old, `with H = W from 32 to 4096`, func(g graph) { g.inputs[0].dims[2] = -7 }},
		"unknown input shape":     {old, `shape []`, func(g graph) { g.inputs[0].dims = nil }},
		"dilations":               {old, stem + `dilations [2 2]`, func(g graph) { g.nodes[0].set(ints("dilations", 2, 2)) }},
		"strides":                 {old, stem + `strides [2 1]`, func(g graph) { g.nodes[0].set(ints("strides", 2, 1)) }},
		"stride of 3":             {old, stem + `strides [3 3]`, func(g graph) { g.nodes[0].set(ints("strides", 3, 3)) }},
		"kernel_shape":            {old, stem + `kernel_shape [5 5], but weights for 3×3`, func(g graph) { g.nodes[0].set(ints("kernel_shape", 5, 5)) }},
		"group":                   {old, stem + `weights of shape [8 3 3 3] and 2 groups for 3 channels`, func(g graph) { g.nodes[0].set(integer("group", 2)) }},
		"negative group":          {old, stem + `group -1`, func(g graph) { g.nodes[0].set(integer("group", -1)) }},
		"auto_pad":                {old, stem + `auto_pad "SAME"`, func(g graph) { g.nodes[0].set(attribute{name: "auto_pad", s: "SAME"}) }},
		"negative pads":           {old, stem + `pads [-1 0 0 0]`, func(g graph) { g.nodes[0].set(ints("pads", -1, 0, 0, 0)) }},
		"two pads":                {old, stem + `pads [1 1]`, func(g graph) { g.nodes[0].set(ints("pads", 1, 1)) }},
		"lopsided the wrong way":  {lite, `expected the padding [0 0 1 1] of TensorFlow or 1 at each side; it is [1 1 0 0]`, func(g graph) { g.nth("Conv", 0).set(ints("pads", 1, 1, 0, 0)) }},
		"SAME_LOWER":              {lite, `it is [1 1 0 0]`, func(g graph) { g.nth("Conv", 0).set(attribute{name: "auto_pad", s: "SAME_LOWER"}) }},
		"VALID":                   {lite, `it is [0 0 0 0]`, func(g graph) { g.nth("Conv", 0).set(attribute{name: "auto_pad", s: "VALID"}) }},
		"mixed paddings":          {lite, `expected the padding`, func(g graph) { g.nth("Conv", 0).set(ints("pads", 1, 1, 1, 1)) }},
		"bias": {old, stem + `a bias of shape [2]`, func(g graph) {
			g.nodes[0].inputs[2] = g.floats("short", []int{2}, 1, 2)
		}},
		"weights of integers": {old, stem + `weights of shape [8 3 3 3], expected floats`, func(g graph) {
			g.tensorOf(g.nodes[0].inputs[1]).typ = typeInt32
		}},
		"weights of strings":   {old, stem + `weights of shape [8 3 3 3], expected floats`, func(g graph) { g.tensorOf(g.nodes[0].inputs[1]).typ = 8 }},
		"bias of 8-bit floats": {old, `a bias of shape [8], expected floats`, func(g graph) { g.tensorOf(g.nodes[0].inputs[2]).typ = 17 }},
		"padding reflected":    {lite, `mode "reflect"`, func(g graph) { g.pad(attribute{name: "mode", s: "reflect"}) }},
		"padding of ones":      {lite, `it pads with 1`, func(g graph) { g.opset = 10; g.pad(float("value", 1)) }},
		"padding the batch":    {lite, `pads [1 0 0 0 0 0 0 0]`, func(g graph) { g.pad(ints("pads", 1, 0, 0, 0, 0, 0, 0, 0)) }},
		"immense padding":      {lite, `expected up to 16 pixels`, func(g graph) { g.pad(ints("pads", 0, 0, 1<<40, 0, 0, 0, 0, 0)) }},
		"pads for no axes":     {lite, `pads [1 1] for 4 axes`, func(g graph) { g.pad(ints("pads", 1, 1)) }},
		"padding twice": {lite, `expected one convolution behind the padding`, func(g graph) {
			g.pad(ints("pads", 0, 0, 1, 1, 0, 0, 0, 0))
			g.pad(ints("pads", 0, 0, 0, 0, 0, 0, 1, 1))
		}},
		"batch norm of another size": {unfolded, `input 1 has shape [3], expected [8]`, func(g graph) { g.nth("BatchNormalization", 0).inputs[1] = g.floats("g", []int{3}, 1, 1, 1) }},
		"batch norm without mean":    {unfolded, `input 3 is missing`, func(g graph) { n := g.nth("BatchNormalization", 0); n.inputs = n.inputs[:3] }},
		"epsilon 0":                  {unfolded, `epsilon 0, expected one from 0 to 1`, func(g graph) { g.nth("BatchNormalization", 0).set(float("epsilon", 0)) }},
		"scale for each pixel": {old, `a constant of shape [64 64] for a map of shape [1 3 64 64]`, func(g graph) {
			n := g.nodes[0]
			n.inputs[0] = g.before("Mul", g.floats("m", []int{64, 64}, make([]float32, 4096)...))
		}},
		"no scale of the picture":  {old, `(Mul): expected a normalisation of the picture: profile: mean: NaN`, func(g graph) { n := g.nodes[0]; n.inputs[0] = g.before("Mul", g.floats("m", []int{}, 0)) }},
		"negative deviation":       {old, `(Mul): expected a normalisation of the picture: profile: std`, func(g graph) { n := g.nodes[0]; n.inputs[0] = g.before("Mul", g.floats("m", []int{}, -3)) }},
		"difference of maps":       {old, `it subtracts one map from another`, func(g graph) { g.nth("Add", 0).op = "Sub" }},
		"quotient of maps":         {old, `it divides by a map`, func(g graph) { g.nth("Mul", 0).op = "Div" }},
		"one by a map":             {old, `it divides by a map`, func(g graph) { n := g.nth("Mul", 0); n.op, n.inputs[0] = "Div", g.floats("m", []int{}, 1) }},
		"product of maps":          {old, `expected x·sigmoid(x) or a scale`, func(g graph) { n := g.nth("Mul", 0); n.inputs[1] = n.inputs[0] }},
		"sum of other sizes":       {old, `it adds maps of shapes [1 8 32 32] and [1 8 1 1]`, func(g graph) { g.nth("Add", 0).inputs[1] = g.nth("GlobalAveragePool", 0).outputs[0] }},
		"sum of three":             {old, `3 inputs, expected two`, func(g graph) { n := g.nth("Add", 0); n.inputs = append(n.inputs, n.inputs[0]) }},
		"alpha of Gemm":            {old, `alpha 2 and beta 1`, func(g graph) { g.nth("Gemm", 0).set(float("alpha", 2)) }},
		"transposed input of Gemm": {old, `(Gemm): a map of shape`, func(g graph) { g.nth("Gemm", 0).set(integer("transA", 1)) }},
		"Gemm of another size":     {old, `weights of shape [5 64] for 64 channels`, func(g graph) { g.nth("Gemm", 0).set(integer("transB", 0)) }},
		"mean over channels":       {old, `it takes the mean over axes [1]`, func(g graph) { n := g.nth("GlobalAveragePool", 0); n.op = "ReduceMean"; n.set(ints("axes", 1)) }},
		"mean over everything":     {old, `it takes the mean over axes []`, func(g graph) { g.nth("GlobalAveragePool", 0).op = "ReduceMean" }},
		"mean over an axis twice":  {old, `axis 2 is given twice`, func(g graph) { n := g.nth("GlobalAveragePool", 0); n.op = "ReduceMean"; n.set(ints("axes", 2, 2)) }},
		"mean over half": {old, `kernel_shape [2 1] for a map of shape [1 64 2 2]`, func(g graph) {
			n := g.nth("GlobalAveragePool", -1)
			n.op = "AveragePool"
			n.set(ints("kernel_shape", 2, 1))
		}},
		"flattened pixels": {old, `it flattens a map of shape [1 64 2 2]`, func(g graph) { n := g.nth("GlobalAveragePool", -1); g.nth("Flatten", 0).inputs[0] = n.inputs[0] }},
		"flattened at 0":   {old, `it flattens`, func(g graph) { g.nth("Flatten", 0).set(integer("axis", 0)) }},
		"reshaped pixels": {"torchvision_new", `it reshapes a map of shape [1 64 2 2] to [1 256]`, func(g graph) {
			n := g.nth("ReduceMean", -1)
			r := g.nth("Reshape", 0)
			r.inputs = []string{n.inputs[0], g.list("l", 1, 256)}
		}},
		"reshaped to another size":  {"torchvision_new", `shape [1 64 1 1] does not reshape to [1 65]`, func(g graph) { g.nth("Reshape", 0).inputs[1] = g.list("l", 1, 65) }},
		"squeezed channels":         {old, `it squeezes axis 1`, func(g graph) { n := g.nth("Flatten", 0); n.op = "Squeeze"; n.set(ints("axes", 1)) }},
		"squeezed without axes":     {old, `does not say which axes`, func(g graph) { g.nth("Flatten", 0).op = "Squeeze" }},
		"transposed by three":       {old, `perm [0 2 1] for 4 dimensions`, func(g graph) { g.behind(g.nth("Mul", 0), "Transpose", nil, ints("perm", 0, 2, 1)) }},
		"transposed twice the same": {old, `axis 0 is given twice`, func(g graph) { g.behind(g.nth("Mul", 0), "Transpose", nil, ints("perm", 0, 0, 1, 2)) }},
		"convolution of NHWC":       {old, `a map of shape [1 32 32 8], expected [N C H W]`, func(g graph) { g.behind(g.nth("Mul", 0), "Transpose", nil, ints("perm", 0, 2, 3, 1)) }},
		"cast to integers":          {old, `it casts a map to the element type 7`, func(g graph) { g.behind(g.nth("Mul", 0), "Cast", nil, integer("to", 7)) }},
		"weights from the picture":  {old, `input 1 is computed from the picture`, func(g graph) { n := g.nth("Conv", 4); n.inputs[1] = n.inputs[0] }},
		"no stem": {old, `(Sigmoid): expected the stem's 3×3 convolution with stride 2`, func(g graph) {
			n := g.nodes[0]
			g.insert(0, newNode("Sigmoid", []string{n.inputs[0]}, "before"))
			n.inputs[0] = "before"
		}},
		"stem of stride 1": {old, stem + `expected the stem: a 3×3 convolution with stride 2`, func(g graph) { g.nodes[0].set(ints("strides", 1, 1)) }},
		"no residual":      {old, `(Conv): expected the sum with the block's input behind it, since its stride is 1 and both have 8 channels`, func(g graph) { g.forward(g.nth("Add", 0), 0) }},
		"no excitation":    {old, `(Conv): expected the reduction of squeeze-and-excitation, then its activation`, func(g graph) { g.forward(g.nth("Mul", 2), 1) }},
		"no sigmoid":       {old, `expected`, func(g graph) { n := g.nth("Sigmoid", 3); n.op = "Identity" }},
		"a sum behind the end": {old, `(Add): expected the end of the network`, func(g graph) {
			n := g.nth("Gemm", 0)
			sum := g.behind(n, "Add", nil)
			sum.inputs = []string{n.outputs[0], n.outputs[0]}
		}},
		"no activation":          {old, `(Conv): expected an activation behind it`, func(g graph) { g.forward(g.nth("Mul", 1), 0) }},
		"an activation too many": {old, `(Conv): expected the projection: a 1×1 convolution without activation`, func(g graph) { n := g.nth("Conv", 4); g.behind(n, "Relu6", nil).op = "Swish" }},
		"no classifier":          {old, `(GlobalAveragePool): expected the classifier behind it`, func(g graph) { g.outputs[0].name = g.nth("Flatten", 0).outputs[0] }},
		"two classifiers": {old, `(Gemm): expected the end of the network`, func(g graph) {
			n := g.nth("Gemm", 0)
			g.behind(n, "Gemm", []string{g.floats("w", []int{5, 5}, make([]float32, 25)...)})
		}},
		"sigmoid of five classes": {old, `(Sigmoid): expected a softmax over the 5 classes`, func(g graph) { g.behind(g.nth("Gemm", 0), "Sigmoid", nil) }},
		"softmax over the batch":  {old, `axis 0 of a map of shape [1 5], expected the classes`, func(g graph) { g.behind(g.nth("Gemm", 0), "Softmax", nil, integer("axis", 0)) }},
		"softmax of pixels":       {old, `expected the classes`, func(g graph) { g.behind(g.nth("Conv", 0), "Softmax", nil) }},
		"another network": {old, stem + `a stem of 8 channels and 7 blocks behind it, which no variant has, nor one that is scaled`, func(g graph) {
			n := g.nth("Conv", 6)
			n.inputs[1] = g.floats("wide", []int{48, 1, 5, 5}, make([]float32, 48*25)...)
			n.set(ints("kernel_shape", 5, 5))
			n.set(ints("pads", 2, 2, 2, 2))
		}},
		"too much arithmetic": {old, `the graph computes more than a file of its size needs`, func(g graph) {
			g.list("size", 1<<14, 1<<14)
			g.insert(0, newNode("ConstantOfShape", []string{"size"}, "bomb"))
			g.nth("Conv", 0).inputs[1] = "bomb"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t, c.file)
			c.change(g)
			_, err := g.read()
			checkRefused(t, name, err, c.want)
		})
	}
}

// newConstant puts an operator before a tensor and gives its output.
func (g graph) newConstant(name, op string) string {
	g.insert(0, newNode(op, []string{name}, name+"_"+op))
	return name + "_" + op
}

// before puts an operator with a constant before the first node.
func (g graph) before(op, constant string) string {
	g.insert(0, newNode(op, []string{g.inputs[0].name, constant}, "prepared"))
	return "prepared"
}

// pad puts a Pad before the second convolution.
func (g graph) pad(a attribute) {
	n := g.nth("Conv", 1)
	pad := newNode("Pad", []string{n.inputs[0]}, n.inputs[0]+"_padded", ints("pads", 0, 0, 1, 1, 0, 0, 1, 1))
	pad.set(a)
	g.insert(n.index, pad)
	n.inputs[0] = pad.outputs[0]
}

// forward takes a node out and gives its users one of its inputs.
func (g graph) forward(n *node, input int) {
	for _, m := range g.nodes {
		for i, in := range m.inputs {
			if in == n.outputs[0] {
				m.inputs[i] = n.inputs[input]
			}
		}
	}
	g.remove(n)
}

func TestVariantThatWasNotMeant(t *testing.T) {
	data := load(t, "torchvision_new")
	for asked, want := range map[string]string{
		"b0":                 `(Conv): a stem of 8 channels, expected 32 for efficientnet-b0`,
		"lite0:d0.2,w0.05":   `a stem of 8 channels, expected 32`,
		"d0.4,w0.05":         `block 5 is MBConv 8→48→8, kernel 5, stride 1, squeeze-and-excitation of 2, expected MBConv 8→48→8, kernel 3`,
		"d0.2,w0.07":         `block 7 is`,
		"nothing":            `unknown variant "nothing"`,
		"v2-b0:d0.2,w0.05":   `block 1 is MBConv 8→8→8, kernel 3, stride 1, squeeze-and-excitation of 2, expected FusedMBConv`,
		"d0.2,w0.05,r100000": `resolution 100000`,
	} {
		_, err := Read(data, state.Options{Variant: asked})
		checkRefused(t, asked, err, want)
	}
}

// The error names the row of the table that has most blocks in common.
func TestNearestVariant(t *testing.T) {
	for _, c := range []struct {
		of, want string
		change   func(o *model.Outline)
	}{
		{"b0", `node "block 5" (Conv): block 5 is MBConv 40→240→40, kernel 7`, func(o *model.Outline) { o.Blocks[4].KernelSize = 7 }},
		{"b2", `block 23 is MBConv 352→2112→360, kernel 3, stride 1, squeeze-and-excitation of 88, expected MBConv 352→2112→352, ` +
			`kernel 3, stride 1, squeeze-and-excitation of 88 for efficientnet-b2`, func(o *model.Outline) { o.Blocks[22].OutChannels = 360 }},
		{"lite0", `node "head" (Conv): the head after 15 blocks, expected 16 of efficientnet-lite0`, func(o *model.Outline) { o.Blocks = o.Blocks[:15] }},
		{"v2-s", `node "head" (Conv): a head of 1284 channels, expected 1280 for efficientnet-v2-s`, func(o *model.Outline) { o.Head = 1284 }},
		{"l2", `node "block 89" (Conv): block 89, expected the head after 88 blocks of efficientnet-l2`,
			func(o *model.Outline) { o.Blocks = append(o.Blocks, o.Blocks[0]) }},
	} {
		v, err := model.Lookup(c.of)
		if err != nil {
			t.Fatal(err)
		}
		named := func(name string) *node { return newNode("Conv", nil, "out").named(name) }
		net := &network{outline: v.Outline(), head: &unit{conv: &feature{node: named("head")}}}
		c.change(&net.outline)
		for i, b := range net.outline.Blocks {
			net.blocks = append(net.blocks, &block{Block: b, first: named(fmt.Sprint("block ", i+1))})
		}
		_, err = net.variant("", 0)
		checkRefused(t, c.of, err, c.want)
	}
}

func (n *node) named(name string) *node {
	n.name = name
	return n
}

func TestSeveralOutputs(t *testing.T) {
	g := open(t, "torchvision_new")
	g.modelFile.outputs = append(g.outputs, valueInfo{name: g.nodes[0].outputs[0]})
	in, err := g.read()
	if err != nil || !slices.Contains(in.Assumed, `of 2 outputs the first, "linear"`) {
		t.Error(err, in)
	}
}

func TestOneOutputWithSigmoid(t *testing.T) {
	g := open(t, "torchvision_old_opset9")
	n := g.nth("Gemm", 0)
	n.inputs[1], n.inputs[2] = g.floats("w", []int{1, 64}, make([]float32, 64)...), g.floats("b", []int{1}, 3)
	g.behind(n, "Sigmoid", nil)
	in, err := g.read()
	if err != nil || !slices.Contains(in.Assumed, "Sigmoid at the end left out") {
		t.Fatal(err)
	}
	if p := in.Params["classifier.bias"]; !slices.Equal(p.Data, []float32{3}) {
		t.Error(p)
	}
}
