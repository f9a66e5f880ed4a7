package keras

import (
	"fmt"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

// load converts every tensor of a variant that fits.
func (n *network) load(v model.Variant, h *head) (model.Params, error) {
	params := model.Params{}
	for _, w := range expected(v) {
		t, _ := n.parts[w.part].find(w.kind)
		if len(w.shape) == 1 {
			values, err := t.vector(w.shape[0])
			if err != nil {
				return nil, err
			}
			params[w.canonical] = model.Param{Shape: w.shaped, Data: values}
			continue
		}
		values, err := t.values()
		if err != nil {
			return nil, err
		}
		in, out := w.shape[2], w.shape[3]
		if out == 1 && w.shaped[1] == 1 { // depthwise: [k,k,C,1] as if [k,k,1,C]
			in, out = out, in
		}
		params[w.canonical] = model.Param{Shape: w.shaped, Data: transposed(values, w.shape[0]*w.shape[1], in, out)}
	}
	return params, h.load(params)
}

// transposed reorders [pixels, in, out] to [out, in, pixels]; tile by tile,
// so that neither side runs through all of memory.
func transposed(from []float32, pixels, in, out int) []float32 {
	const tile = 32
	to := make([]float32, len(from))
	for pixel := range pixels {
		for i0 := 0; i0 < in; i0 += tile {
			for o0 := 0; o0 < out; o0 += tile {
				for i := i0; i < min(i0+tile, in); i++ {
					row := from[(pixel*in+i)*out:][:out]
					for o := o0; o < min(o0+tile, out); o++ {
						to[(o*in+i)*pixels+pixel] = row[o]
					}
				}
			}
		}
	}
	return to
}

func misshapen(t variable, want []int) string {
	return fmt.Sprintf("tensor %s has shape %v, expected %v", state.Quote(t.name), t.data.Shape, want)
}
