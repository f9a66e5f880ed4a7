package train

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/preprocess"
)

// maxFile is the most bytes of one picture's file.
const maxFile = 1 << 30

// Read gives the picture's bytes, which must be those that Scan saw. The error
// is a *classify.Error without the path.
func (p Picture) Read() ([]byte, error) {
	var b bytes.Buffer
	sum, err := copyFile(&b, p.Path)
	if err != nil {
		return nil, err
	}
	if sum != p.Sum {
		return nil, readError(errors.New("changed while it was in use"))
	}
	return b.Bytes(), nil
}

// Decode reads and decodes the picture. The error is a *classify.Error.
func (p Picture) Decode(o preprocess.Options) (*preprocess.Picture, error) {
	data, err := p.Read()
	if err != nil {
		return nil, err
	}
	picture, err := preprocess.Decode(data, o)
	var wrong *preprocess.Error
	if errors.As(err, &wrong) {
		return nil, &classify.Error{Kind: classify.Kind(wrong.Kind), Err: err}
	}
	return picture, err
}

func digestFile(path string) (Sum, error) { return copyFile(io.Discard, path) }

// copyFile reads a regular file, never waiting for a pipe.
func copyFile(to io.Writer, path string) (sum Sum, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return sum, readError(err)
	}
	if !info.Mode().IsRegular() {
		return sum, readError(errors.New("not a regular file"))
	}
	if info.Size() > maxFile {
		return sum, tooLarge()
	}
	f, err := os.Open(path)
	if err != nil {
		return sum, readError(err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(h, to), io.LimitReader(f, maxFile+1))
	if err != nil {
		return sum, readError(err)
	}
	if n > maxFile {
		return sum, tooLarge()
	}
	return Sum(h.Sum(nil)), nil
}

func tooLarge() error {
	return &classify.Error{Kind: classify.KindLimit, Err: fmt.Errorf("larger than %d bytes", maxFile)}
}

func readError(err error) error {
	return &classify.Error{Kind: classify.KindRead, Err: errors.New(reasonOf(err))}
}

// reasonOf is the text of an operating-system error without operation and path.
func reasonOf(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
