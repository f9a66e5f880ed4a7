package model

import (
	"unsafe"

	"github.com/effnet/effnet/pkg/kernels"
)

// image is the activations of one picture on its way through a plan.
type image struct {
	arena   []float32 // as the plan's buffers say
	picture []float32 // the NHWC input
}

// worker is one thread of a workspace and what it needs for itself.
type worker struct {
	ws      *Workspace
	set     *kernels.Set
	own     *image // nil before the first batch that needs it
	image   *image // what it works on
	sharers int    // workers that work on image
	serial  uint64 // of the operation, over all runs and pictures
	alone   uint64 // operations done without the others

	gemm      kernels.GEMMArgs
	depthwise kernels.DepthwiseArgs
	vector    kernels.VectorArgs
	scaleRows kernels.ScaleRowsArgs
	stem      kernels.StemRow
	matrix    kernels.Matrix

	ring       []float32
	zeros      []float32
	rowPtrs    []unsafe.Pointer
	ringOwner  *strip
	ringSerial uint64
	ringPanel  int
	ringStart  int // the first input row that the ring holds
	ringNext   int // the row after the last

	winograd kernels.WinogradArgs
	products []float32
	pixels   []float32 // of a row, with zeros around

	patches       []float32
	means, hidden []float32
	hiddenOwner   *squeezeExcite
	hiddenSerial  uint64
}

func (w *worker) buffer(id bufferID) []float32 {
	return w.ws.plan.buffers.of(w.image.arena, id)
}

// aloneBit tells serials of operations done alone from the team's.
const aloneBit = 1 << 63

// whole does all tasks of an operation.
func (w *worker) whole(op operation) {
	w.alone++
	w.serial = w.alone | aloneBit
	for task := range op.tasks(1) {
		op.run(w, task)
	}
}
