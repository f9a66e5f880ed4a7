//go:build !purego

package jpeg

import "github.com/effnet/effnet/internal/cpu"

func builtIn() []*set { return []*set{portable(), avx2Set(cpu.AVX2), avx2Set(cpu.AVX512)} }
