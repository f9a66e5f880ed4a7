package model

import "math"

// folded is a convolution with its batch norm multiplied in: weights [out][in·k·k]
// and bias [out].
func (c *compiler) folded(s Step) (weights, bias []float32) {
	raw := c.params[s.Name+".conv.weight"].Data
	norm := func(stat string) []float32 { return c.params[s.Name+".norm."+stat].Data }
	gamma, beta, mean, variance := norm("weight"), norm("bias"), norm("mean"), norm("variance")
	weights, bias = make([]float32, len(raw)), make([]float32, len(beta))
	fan := len(raw) / len(beta)
	for i := range bias {
		scale := float64(gamma[i]) / math.Sqrt(float64(variance[i])+c.epsilon)
		bias[i] = float32(float64(beta[i]) - float64(mean[i])*scale)
		for j, w := range raw[i*fan : (i+1)*fan] {
			weights[i*fan+j] = float32(float64(w) * scale)
		}
	}
	return weights, bias
}
