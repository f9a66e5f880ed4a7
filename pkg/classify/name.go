package classify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/effnet/effnet/models"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights"
)

const (
	defaultModel = "efficientnet-lite0"

	// maxFile bounds a weight file; the family's largest is below 2 GB.
	maxFile = 4 << 30
)

// suffixes mark a weight file even where it does not exist.
var suffixes = []string{".safetensors", ".pth", ".pt", ".h5", ".keras", ".onnx", ".bin", ".index.json"}

// embedded are the models inside this package, by full name.
var embedded = map[string][]byte{"efficientnet-lite0": models.Lite0}

// load finds a model's bytes: of a file, of the embedded model of that name, or
// of the file that the name resolves to. name is the full name, or the file as
// given.
func (o *Options) load(given string) (name string, data []byte, err error) {
	name, path := given, given
	if !isFile(given) {
		if name, data, err = loadEmbedded(given); data != nil || err != nil {
			return name, data, err
		}
		if name, path, err = o.resolve(given); err != nil {
			return "", nil, err
		}
	}
	if data, err = readFile(path); err == nil {
		data, err = weights.Assemble(data, func(file string) ([]byte, error) {
			return readFile(filepath.Join(filepath.Dir(path), file))
		})
	}
	if err != nil {
		return "", nil, &ModelError{given, err}
	}
	return name, data, nil
}

// loadEmbedded gives no data for a name that is not of an embedded model.
func loadEmbedded(given string) (name string, data []byte, err error) {
	name, _, sourced := strings.Cut(strings.ToLower(given), "@")
	variant, err := model.Lookup(name)
	if err != nil {
		return "", nil, nameError(fmt.Sprintf("unknown model %q", given), err)
	}
	if variant.IsCustom() {
		return "", nil, &ModelError{given, &AbsentError{Variant: variant.Name, Custom: true}}
	}
	if !sourced {
		data = embedded[variant.Name]
	}
	return variant.Name, data, nil
}

// resolve asks Options.Resolve.
func (o *Options) resolve(given string) (name, path string, err error) {
	if o.Resolve == nil {
		name, _, _ = strings.Cut(strings.ToLower(given), "@")
		variant, err := model.Lookup(name)
		if err == nil {
			err = &AbsentError{Variant: variant.Name}
		}
		return "", "", &ModelError{given, err}
	}
	name, path, err = o.Resolve(given)
	var usage *UsageError
	if err != nil && !errors.As(err, &usage) {
		err = &ModelError{given, err}
	}
	return name, path, err
}

// nameError is the error of a name that model.Lookup does not know, or of a
// shape that cannot be.
func nameError(unknown string, err error) error {
	var u *model.UnknownError
	if errors.As(err, &u) {
		return &UsageError{Msg: unknown, Near: u.Near}
	}
	return &UsageError{Msg: err.Error()}
}

// isFile tells a FILE from a NAME.
func isFile(given string) bool {
	if strings.ContainsRune(given, '/') || strings.ContainsRune(given, filepath.Separator) {
		return true
	}
	if slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(strings.ToLower(given), s) }) {
		return true
	}
	info, err := os.Stat(given)
	return err == nil && !info.IsDir()
}

// readFile reads a whole weight file to the heap: a mapped file that shrinks
// would kill the process.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such model file")
	case err != nil:
		return nil, bare(err)
	case info.IsDir():
		return nil, errors.New("a folder, not a model file")
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%d bytes are more than any model has", info.Size())
	}
	data, err := os.ReadFile(path)
	return data, bare(err)
}

// bare drops the path from an error of os: the caller says it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
