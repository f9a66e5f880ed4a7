// Package models holds the weights that the binary carries. It is data only:
// package weights reads it. PROVENANCE.md says where each part comes from.
package models

import _ "embed"

// Lite0 is EfficientNet-Lite0 trained on ImageNet, 1,000 classes at 224×224: a
// model file of format effnet/model/v1, float32 parameters with profile,
// labels, source, licence and three golden inputs with their logits.
// `make models` makes the same bytes from the published weights.
//
//go:embed efficientnet-lite0.safetensors
var Lite0 []byte
