//go:build !long

package model_test

import (
	"testing"

	"github.com/effnet/effnet/pkg/model"
)

const pressurePasses = 200

// runs picks the variants that compile in moments.
func runs(v model.Variant) bool {
	values := 0
	for _, s := range v.ParamSpecs(5) {
		values += s.Len()
	}
	if testing.Short() {
		return values < 5e6
	}
	return values < 12e6
}

// sizes is the resolution that costs little.
func (g familyGolden) sizes() []int { return g.resolutions[:1] }
