package main

import (
	"fmt"
	"go/format"
	"log"
	"strings"
)

// declare writes the Go side of one tier: beside every assembly file one with
// its declarations, and the function that makes the tier's Set.
func declare(t isa) {
	var b strings.Builder
	b.WriteString(header + "package kernels\n\nimport \"github.com/effnet/effnet/internal/cpu\"\n\n")
	fmt.Fprintf(&b, "func %sSet() *Set {\n\ts := &Set{\n\t\tTier: cpu.%s,\n", t.file, t.name)
	for _, v := range vectorKernels {
		fmt.Fprintf(&b, "\t\t%s: %s%s,\n", v.field, v.name, t.name)
	}
	fmt.Fprintf(&b, "\t\tspinBlocks: %d,\n\t\tenoughSums: %d,\n", t.spinBlocks(), t.enough)
	b.WriteString("\t}\n")
	for _, x := range t.tiles() {
		table := "gemm"
		if x.half {
			table = "gemmHalf"
		}
		fmt.Fprintf(&b, "\ts.%s[%d][%d] = %s\n", table, x.vecs, x.rows, x.name(t))
	}
	for _, x := range t.filters() {
		fmt.Fprintf(&b, "\ts.depthwise[%d][%d][%d] = %s\n", x.kernel, x.stride, x.cols, x.name(t))
	}
	for _, x := range t.filterGrads() {
		fmt.Fprintf(&b, "\ts.filterGrad[%d][%d] = %s\n", x.kernel, x.stride, x.gradName(t))
	}
	b.WriteString("\treturn s\n}\n")
	write(fmt.Sprintf("set_%s_%s.go", t.file, t.arch), gofmt(b.String()))
	for _, f := range families {
		var b strings.Builder
		b.WriteString(header + "package kernels\n")
		f.declare(t, func(name, args, like string) {
			fmt.Fprintf(&b, "\n// %s is %s.\n//\n//go:noescape\nfunc %s(a *%s)\n", name, like, name, args)
		})
		write(fmt.Sprintf("%s_f32_%s_%s.go", f.name, t.file, t.arch), gofmt(b.String()))
	}
}

// stub writes the declaration of a kernel and what it is like.
type stub func(name, args, like string)

func declareGEMM(t isa, stub stub) {
	for _, x := range t.tiles() {
		like := fmt.Sprintf("gemmPortable for MR = %d and Vecs = %d", x.rows, x.vecs)
		if x.half {
			like += ", the last half block's weights and bias zero"
		}
		stub(x.name(t), "GEMMArgs", like)
	}
}

func declareDepthwise(t isa, stub stub) {
	for _, x := range t.filters() {
		stub(x.name(t), "DepthwiseArgs", fmt.Sprintf("depthwisePortable for MC = %d, Kernel = %d and Stride = %d", x.cols, x.kernel, x.stride))
	}
}

func declareVectors(t isa, stub stub) { declareSingles(t, stub, "vector") }

func declareWinograd(t isa, stub stub) { declareSingles(t, stub, "winograd") }

func declareGradients(t isa, stub stub) {
	declareSingles(t, stub, "gradient")
	for _, x := range t.filterGrads() {
		stub(x.gradName(t), "FilterGradArgs", fmt.Sprintf("filterGradPortable(%d, %d)", x.kernel, x.stride))
	}
}

// declareSingles declares the single kernels of a family.
func declareSingles(t isa, stub stub, family string) {
	for _, v := range vectorKernels {
		if v.family == family {
			stub(v.name+t.name, v.args, v.name+"Portable")
		}
	}
}

func gofmt(source string) []byte {
	out, err := format.Source([]byte(source))
	if err != nil {
		log.Fatal(err)
	}
	return out
}
