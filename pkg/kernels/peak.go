package kernels

import (
	"slices"
	"sync"
	"time"
	"unsafe"
)

// How PeakFLOPS measures: rounds that take some microseconds, often.
const (
	spinRounds = 4096
	peakTries  = 5
	peakTry    = 20 * time.Millisecond
)

// PeakFLOPS measures how many floating-point operations a second (a
// multiply-add is two) this machine does when a number of threads do nothing
// but multiply-adds in registers with the set's instructions: the median of
// some tries. No network can be faster.
func (s *Set) PeakFLOPS(threads int) float64 {
	rates := make([]float64, peakTries)
	for i := range rates {
		rates[i] = s.spinning(max(1, threads))
	}
	slices.Sort(rates)
	return rates[peakTries/2]
}

// spinning is the rate of one try.
func (s *Set) spinning(threads int) float64 {
	var wg sync.WaitGroup
	calls := make([]int, threads)
	start := time.Now()
	for i := range calls {
		wg.Go(func() {
			memory := Alloc(2 * Block)
			a := &VectorArgs{X: unsafe.Pointer(&memory[0]), Out: unsafe.Pointer(&memory[Block]), N: spinRounds, Scale: 1}
			for time.Since(start) < peakTry {
				s.Spin(a)
				calls[i]++
			}
		})
	}
	wg.Wait()
	took := time.Since(start).Seconds()
	total := 0
	for _, n := range calls {
		total += n
	}
	return float64(total) * spinRounds * float64(s.spinBlocks*Block*2) / took
}
