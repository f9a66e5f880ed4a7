package model

import (
	"hash/fnv"
	"math"
	"regexp"
	"strings"
)

// weyl is 2^64 divided by the golden ratio, the increment of splitmix64.
const weyl = 0x9E3779B97F4A7C15

// Random makes values for every spec, the same on every machine for the same
// seed and names: splitmix64 from the FNV-1a hash of the tensor's name XOR
// seed·weyl, the upper 24 bits as u in [0, 1) and v = 2u-1, scaled in
// float64 and rounded once. Weights are uniform with a variance of gain²/fan_in,
// gain 1.5 for convolutions; what is added to a block's input counts 0.2, and
// fused convolutions 0.3: so signals keep their size through deep networks.
// tools/golden makes the same values in Python.
func Random(specs []ParamSpec, seed uint64) Params {
	params := make(Params, len(specs))
	for _, spec := range specs {
		data := stream(spec.Name, seed, spec.Len(), scaling(spec))
		params[spec.Name] = Param{Shape: spec.Shape, Data: data}
	}
	return params
}

// Stream is n values in [-1, 1) of the generator's stream of a name.
func Stream(name string, seed uint64, n int) []float32 {
	return stream(name, seed, n, func(u float64) float64 { return 2*u - 1 })
}

func stream(name string, seed uint64, n int, value func(u float64) float64) []float32 {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	base := hash.Sum64() ^ seed*weyl
	data := make([]float32, n)
	for i := range data {
		u := float64(splitmix(base+uint64(i+1)*weyl)>>40) / (1 << 24)
		data[i] = float32(value(u))
	}
	return data
}

// splitmix is the finaliser of splitmix64 (Steele, Lea, Flood 2014).
func splitmix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// addedNorm matches the last norm of a block that is not the first of its
// stage.
var addedNorm = regexp.MustCompile(`^stages\.\d+\.[1-9]\d*\.project\.norm\.weight$`)

// scaling gives the function from u to a value of the tensor.
func scaling(spec ParamSpec) func(u float64) float64 {
	uniform := func(gain float64) func(float64) float64 {
		fanIn := 1
		for _, d := range spec.Shape[1:] {
			fanIn *= d
		}
		bound := math.Sqrt(3 / float64(fanIn))
		return func(u float64) float64 { return (2*u - 1) * bound * gain }
	}
	switch {
	case strings.HasSuffix(spec.Name, ".conv.weight"):
		return uniform(1.5)
	case addedNorm.MatchString(spec.Name):
		return func(u float64) float64 { return 0.2 * (1 + 0.25*(2*u-1)) }
	case strings.HasSuffix(spec.Name, ".fused.norm.weight"):
		return func(u float64) float64 { return 0.3 * (1 + 0.25*(2*u-1)) }
	case strings.HasSuffix(spec.Name, ".norm.weight"):
		return func(u float64) float64 { return 1 + 0.25*(2*u-1) }
	case strings.HasSuffix(spec.Name, ".norm.variance"):
		return func(u float64) float64 { return 0.5 + u }
	case strings.HasSuffix(spec.Name, ".weight"): // classifier, se.reduce, se.expand
		return uniform(1)
	}
	return func(u float64) float64 { return 0.25 * (2*u - 1) }
}
