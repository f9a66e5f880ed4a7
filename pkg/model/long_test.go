//go:build long

package model_test

import "github.com/effnet/effnet/pkg/model"

const pressurePasses = 5000

// runs holds back only the variant whose weights take 2 GB.
func runs(v model.Variant) bool { return v.Name != "efficientnet-l2" }
