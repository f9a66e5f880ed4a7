// Package tensor holds the one type that crosses the border between pictures
// and models: a dense float32 tensor in NHWC order.
package tensor

import "fmt"

// Shape is the extent of a tensor: N pictures of H rows, W columns and C
// channels.
type Shape struct{ N, H, W, C int }

// Len is the number of elements, N·H·W·C.
func (s Shape) Len() int { return s.N * s.H * s.W * s.C }

// String writes the shape as "1×224×224×3".
func (s Shape) String() string {
	return fmt.Sprintf("%d×%d×%d×%d", s.N, s.H, s.W, s.C)
}

// Tensor is a dense array of shape [N, H, W, C], C varying fastest.
// len(Data) is Shape.Len().
type Tensor struct {
	Shape Shape
	Data  []float32 // [N·H·W·C]
}

// New returns a tensor of zeros. It panics if an extent is negative; shapes
// come from a model's architecture, never from a file's own claim.
func New(s Shape) *Tensor {
	if s.N < 0 || s.H < 0 || s.W < 0 || s.C < 0 {
		panic(fmt.Sprintf("tensor: negative extent in %v", s))
	}
	return &Tensor{Shape: s, Data: make([]float32, s.Len())}
}
