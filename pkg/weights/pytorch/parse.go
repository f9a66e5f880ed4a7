// Package pytorch reads the weight files of torch.save: the zip archives of
// PyTorch since 1.6 and the pickles with raw storages before. Pickles are run
// by a machine of this package that knows a short list of names and calls
// nothing; whatever else a file names is refused by that name.
package pytorch

import (
	"archive/zip"
	"bytes"
	"path"
	"slices"

	"github.com/effnet/effnet/pkg/weights/state"
)

var zipStart = []byte("PK\x03\x04")

// Sniff tells whether data could be a file of torch.save: the old format, or a
// zip archive unless it certainly lacks data.pkl, as those of Keras do.
func Sniff(data []byte) bool {
	if !bytes.HasPrefix(data, zipStart) {
		return isLegacy(data)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	return err != nil || slices.ContainsFunc(r.File, func(f *zip.File) bool { return path.Base(f.Name) == pickleName })
}

// Parse gives the tensors of a file, bare or inside of what checkpoints call
// them ("state_dict", "model", averaged weights first). Tensors are views of
// data, which must not be modified. Every error, also those of Load, is a
// *state.Error or a *safetensors.Error; nothing larger than data is allocated.
func Parse(data []byte) (*state.Dict, error) {
	if isLegacy(data) {
		return parseLegacy(data)
	}
	if bytes.HasPrefix(data, zipStart) {
		return parseArchive(data)
	}
	return nil, state.Refuse("not a file of torch.save")
}
