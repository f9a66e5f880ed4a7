package main

// avx writes kernels in the assembly of amd64.
type avx struct{ *source }

// function begins a function of one pointer, which it loads into DI.
func (s avx) function(name, args string) {
	s.text(name, args)
	s.f("MOVQ a+0(FP), DI")
}

func (s avx) ret() {
	s.f("VZEROUPPER")
	s.f("RET")
}

func (s avx) siluRow() { s.sigmoidBody("siluRow", true) }
