package main

import (
	"fmt"
	"go/format"
	"log"
	"strings"
)

// declare writes the Go side of one tier: a declaration a kernel and the
// function that makes its Set.
func declare(t isa) {
	var b strings.Builder
	b.WriteString(header + "package kernels\n\nimport \"github.com/effnet/effnet/internal/cpu\"\n\n")
	fmt.Fprintf(&b, "func %sSet() *Set {\n\ts := &Set{\n\t\tTier: cpu.%s,\n", t.file, t.name)
	for _, v := range vectorKernels {
		fmt.Fprintf(&b, "\t\t%s: %s%s,\n", v.field, v.name, t.name)
	}
	fmt.Fprintf(&b, "\t\tspinBlocks: %d,\n", t.spinBlocks())
	b.WriteString("\t}\n")
	for _, x := range t.tiles() {
		fmt.Fprintf(&b, "\ts.gemm[%d][%d] = %s\n", x.vecs, x.rows, x.name(t))
	}
	for _, x := range t.filters() {
		fmt.Fprintf(&b, "\ts.depthwise[%d][%d][%d] = %s\n", x.kernel, x.stride, x.cols, x.name(t))
	}
	for _, x := range t.filterGrads() {
		fmt.Fprintf(&b, "\ts.filterGrad[%d][%d] = %s\n", x.kernel, x.stride, x.gradName(t))
	}
	b.WriteString("\treturn s\n}\n")
	stub := func(name, args, like string) {
		fmt.Fprintf(&b, "\n// %s is %s.\n//\n//go:noescape\nfunc %s(a *%s)\n", name, like, name, args)
	}
	for _, v := range vectorKernels {
		stub(v.name+t.name, v.args, v.name+"Portable")
	}
	for _, x := range t.tiles() {
		stub(x.name(t), "GEMMArgs", fmt.Sprintf("gemmPortable for MR = %d and Vecs = %d", x.rows, x.vecs))
	}
	for _, x := range t.filters() {
		stub(x.name(t), "DepthwiseArgs", fmt.Sprintf("depthwisePortable for MC = %d, Kernel = %d and Stride = %d", x.cols, x.kernel, x.stride))
	}
	for _, x := range t.filterGrads() {
		stub(x.gradName(t), "FilterGradArgs", fmt.Sprintf("filterGradPortable(%d, %d)", x.kernel, x.stride))
	}
	write(fmt.Sprintf("set_%s_%s.go", t.file, t.arch), gofmt(b.String()))
}

func gofmt(source string) []byte {
	out, err := format.Source([]byte(source))
	if err != nil {
		log.Fatal(err)
	}
	return out
}
