package train

import "math"

// Parameter is one tensor that is trained, in PyTorch's layout. Whoever changes
// Value says so by Tail.Changed.
type Parameter struct {
	Name  string
	Shape []int
	Value []float32
	Grad  []float32 // of the loss, summed over the steps since ZeroGradients
	Decay bool      // whether weight decay takes part: not of biases
}

// norm is a frozen batch norm as the scale and offset of each channel.
type norm struct {
	scale  []float64
	offset []float32
}

// newNorm makes the norm of a step; values gives its tensors.
func newNorm(values func(name string) []float32, name string, epsilon float64) *norm {
	gamma, beta := values(name+".norm.weight"), values(name+".norm.bias")
	mean, variance := values(name+".norm.mean"), values(name+".norm.variance")
	n := &norm{scale: make([]float64, len(beta)), offset: make([]float32, len(beta))}
	for i := range beta {
		n.scale[i] = float64(gamma[i]) / math.Sqrt(float64(variance[i])+epsilon)
		n.offset[i] = float32(float64(beta[i]) - float64(mean[i])*n.scale[i])
	}
	return n
}

// at is the scale of an output channel; a nil norm has ones.
func (n *norm) at(channel int) float64 {
	if n == nil {
		return 1
	}
	return n.scale[channel]
}
