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
	name, path, data, err := o.find(given)
	if path == "" || err != nil {
		return name, data, err
	}
	if data, err = readModel(path); err != nil {
		return "", nil, &ModelError{given, err}
	}
	return name, data, nil
}

// find gives the data of an embedded model, else the path of a file.
func (o *Options) find(given string) (name, path string, data []byte, err error) {
	if isFile(given) {
		return given, given, nil, nil
	}
	if name, data, err = loadEmbedded(given); data != nil || err != nil {
		return name, "", data, err
	}
	name, path, err = o.resolve(given)
	return name, path, nil, err
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

// readModel reads a weight file, with the shards that it may name.
func readModel(path string) ([]byte, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return weights.Assemble(data, func(file string) ([]byte, error) {
		return readFile(filepath.Join(filepath.Dir(path), file))
	})
}

// readFile reads a whole weight file to the heap: a mapped file that shrinks
// would kill the process.
func readFile(path string) ([]byte, error) {
	if _, err := checkFile(path); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	return data, bare(err)
}

// openFile opens a weight file that need not be read as a whole.
func openFile(path string) (f *os.File, size int64, err error) {
	if size, err = checkFile(path); err != nil {
		return nil, 0, err
	}
	f, err = os.Open(path)
	return f, size, bare(err)
}

// checkFile refuses what no model can be, before it is opened, and gives the
// size of the rest.
func checkFile(path string) (size int64, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, errors.New("no such model file")
	case err != nil:
		return 0, bare(err)
	case info.IsDir():
		return 0, errors.New("a folder, not a model file")
	case !info.Mode().IsRegular():
		return 0, errors.New("not a regular file")
	case info.Size() > maxFile:
		return 0, fmt.Errorf("%d bytes are more than any model has", info.Size())
	}
	return info.Size(), nil
}

// bare drops the path from an error of os: the caller says it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
