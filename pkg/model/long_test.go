//go:build long

package model_test

import "github.com/effnet/effnet/pkg/model"

const pressurePasses = 5000

func runs(model.Variant) bool { return true }

// sizes are all resolutions of a golden, the published one among them.
func (g familyGolden) sizes() []int { return g.resolutions }
