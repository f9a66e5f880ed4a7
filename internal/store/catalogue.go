// Package store keeps official weights on this machine: a catalogue of where
// they are published and with which digest, a downloader that resumes and
// verifies, and the folder of what has been pulled, each converted to this
// project's own model file.
package store

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

//go:embed catalogue.json
var catalogueJSON []byte

// Entry is one set of official weights, as tools/catalogue found it. Zero
// values are what nobody publishes.
type Entry struct {
	Variant string `json:"variant"` // full name, such as "efficientnet-b0"
	Source  string `json:"source"`  // the library that publishes them
	Weights string `json:"weights"` // which of the source's weights
	Default bool   `json:"default"` // what variant and source alone mean
	URL     string `json:"url"`
	Digest
	MiB     float64 `json:"mib"` // size of the download, as published
	Classes int     `json:"classes"`
	Top1    float64 `json:"top1"`    // per cent on ImageNet, as published
	License string  `json:"license"` // of the library, SPDX
	Page    string  `json:"page"`    // where the weights are described
	Profile string  `json:"profile"` // KEY=VALUE,… over what the file tells, see profile.Parse
}

// Name is the full name: variant@source:weights.
func (e Entry) Name() string { return e.Variant + "@" + e.Source + ":" + e.Weights }

// file is the name without what file systems do not take.
func (e Entry) file() string { return e.Variant + "@" + e.Source + "." + e.Weights }

// Catalogue lists what can be pulled, by variant in the order of the table of
// variants, then by preference of source, the default weights of each first.
func Catalogue() []Entry { return slices.Clone(catalogue()) }

// preference is which source a variant means without one.
var preference = []string{"torchvision", "keras", "timm", "efficientnet_pytorch", "qubvel"}

var catalogue = sync.OnceValue(func() []Entry {
	var entries []Entry
	if err := json.Unmarshal(catalogueJSON, &entries); err != nil {
		panic(fmt.Sprintf("catalogue.json: %v", err))
	}
	order := variantOrder()
	slices.SortStableFunc(entries, func(a, b Entry) int {
		if d := order[a.Variant] - order[b.Variant]; d != 0 {
			return d
		}
		if d := slices.Index(preference, a.Source) - slices.Index(preference, b.Source); d != 0 {
			return d
		}
		if a.Default != b.Default {
			return map[bool]int{true: -1, false: 1}[a.Default]
		}
		return 0
	})
	return entries
})
