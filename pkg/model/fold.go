package model

import (
	"math"

	"github.com/effnet/effnet/pkg/kernels"
)

// folded is a convolution's weights with its batch norm as their scale and
// bias.
func (c *compiler) folded(s Step) kernels.Weights {
	norm := func(stat string) []float32 { return c.values(s.Name + ".norm." + stat) }
	gamma, beta, mean, variance := norm("weight"), norm("bias"), norm("mean"), norm("variance")
	w := kernels.Weights{
		Values: c.values(s.Name + ".conv.weight"), Bias: make([]float32, len(beta)),
		Scale: make([]float64, len(beta)), Taps: s.Kernel * s.Kernel,
	}
	for i := range beta {
		w.Scale[i] = float64(gamma[i]) / math.Sqrt(float64(variance[i])+c.epsilon)
		w.Bias[i] = float32(float64(beta[i]) - float64(mean[i])*w.Scale[i])
	}
	return w
}
