//go:build (!amd64 && !arm64) || purego

package jpeg

func builtIn() []*set { return []*set{portable()} }
