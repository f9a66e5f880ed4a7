//go:build !purego

package kernels

func builtIn() []*Set { return []*Set{portableSet(), neonSet()} }
