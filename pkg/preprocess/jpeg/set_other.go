//go:build !amd64 || purego

package jpeg

func builtIn() []*set { return []*set{portable()} }
