//go:build (!amd64 && !arm64) || purego

package resample

func builtIn() []*Set { return []*Set{portableSet()} }
