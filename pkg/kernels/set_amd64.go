//go:build !purego

package kernels

func builtIn() []*Set { return []*Set{portableSet(), avx2Set(), avx512Set()} }
