package train

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// splitOff moves pictures to validation whose digest, as a number from 0 to 1,
// is below share. A class of two or more different pictures has one of them in
// validation at least, and every class keeps one in training, unless another
// class with the same bytes decides otherwise. Which side bytes are on is one
// decision for all copies of them.
func (d *Dataset) splitOff(share float64) {
	held := map[Sum]bool{}
	for _, p := range d.Training {
		if fraction(p.Sum) < share {
			held[p.Sum] = true
		}
	}
	classes := d.sums()
	for _, sums := range classes {
		if len(sums) > 1 && !slices.ContainsFunc(sums, func(s Sum) bool { return held[s] }) {
			held[sums[0]] = true
		}
	}
	for _, sums := range classes {
		if !slices.ContainsFunc(sums, func(s Sum) bool { return !held[s] }) {
			delete(held, sums[len(sums)-1])
		}
	}
	all := d.Training
	d.Training, d.Validation = nil, nil
	for _, p := range all {
		if held[p.Sum] {
			d.Validation = append(d.Validation, p)
		} else {
			d.Training = append(d.Training, p)
		}
	}
}

// fraction is a digest's first 64 bits in units of 2^64.
func fraction(s Sum) float64 {
	return float64(binary.BigEndian.Uint64(s[:])) / (1 << 64)
}

// sums gives the different digests of each class of Training, sorted.
func (d *Dataset) sums() [][]Sum {
	classes := make([][]Sum, len(d.Classes))
	for _, p := range d.Training {
		classes[p.Class] = append(classes[p.Class], p.Sum)
	}
	for i, sums := range classes {
		slices.SortFunc(sums, func(a, b Sum) int { return bytes.Compare(a[:], b[:]) })
		classes[i] = slices.Compact(sums)
	}
	return classes
}
