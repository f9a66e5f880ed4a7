//go:build !long

package model_test

import "github.com/effnet/effnet/pkg/model"

const pressurePasses = 200

// runs picks the variants that compile in moments.
func runs(v model.Variant) bool { return v.DepthMult*v.WidthMult < 1.5 }
