//go:build !long

package model_test

import "github.com/effnet/effnet/pkg/model"

const pressurePasses = 200

// runs picks the variants that compile in moments.
func runs(v model.Variant) bool {
	values := 0
	for _, s := range v.ParamSpecs(5) {
		values += s.Len()
	}
	return values < 12e6
}
