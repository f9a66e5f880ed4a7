//go:build amd64 && !purego

package kernels

//go:generate go run ./gen

func builtIn() []*Set { return []*Set{portableSet(), avx2Set(), avx512Set()} }
