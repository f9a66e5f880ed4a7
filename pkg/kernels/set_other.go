//go:build !amd64 || purego

package kernels

func builtIn() []*Set { return []*Set{portableSet()} }
