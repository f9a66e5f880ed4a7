// Package pytorch reads the weight files of torch.save: the zip archives of
// PyTorch since 1.6 and the pickles with raw storages before. Pickles are run
// by a machine of this package that knows a short list of names and calls
// nothing; whatever else a file names is refused by that name.
package pytorch

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
	"slices"

	"github.com/effnet/effnet/pkg/weights/state"
)

// magicSize is how many bytes tell the formats apart.
const magicSize = 32

var zipStart = []byte("PK\x03\x04")

// Sniff tells whether data could be a file of torch.save: the old format, or a
// zip archive unless it certainly lacks data.pkl, as those of Keras do.
func Sniff(data []byte) bool { return sniff(memory(data)) }

// SniffAt is Sniff for a file on disk.
func SniffAt(r io.ReaderAt, size int64) bool { return sniff(disk{r, size}) }

func sniff(c content) bool {
	head, err := c.slice(0, min(c.size(), magicSize), nil)
	if err != nil || !bytes.HasPrefix(head, zipStart) {
		return err == nil && isLegacy(head)
	}
	r, err := zip.NewReader(c, c.size())
	return err != nil || slices.ContainsFunc(r.File, func(f *zip.File) bool { return path.Base(f.Name) == pickleName })
}

// Parse gives the tensors of a file, bare or inside of what checkpoints call
// them ("state_dict", "model", averaged weights first). Tensors are views of
// data, which must not be modified. Every error, also those of Load, is a
// *state.Error or a *safetensors.Error; nothing larger than data is allocated.
func Parse(data []byte) (*state.Dict, error) { return parse(memory(data)) }

// ParseAt is Parse for a file of size bytes on disk: the tensors, whose dict is
// lazy, are read when they are loaded.
func ParseAt(r io.ReaderAt, size int64) (*state.Dict, error) { return parse(disk{r, size}) }

func parse(c content) (*state.Dict, error) {
	head, err := c.slice(0, min(c.size(), magicSize), nil)
	switch {
	case err != nil:
		return nil, err
	case isLegacy(head):
		return parseLegacy(c)
	case bytes.HasPrefix(head, zipStart):
		return parseArchive(c)
	}
	return nil, state.Refuse("not a file of torch.save")
}
