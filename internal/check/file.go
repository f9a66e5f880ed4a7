package check

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/effnet/effnet/pkg/classify"
)

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, inFile(path, 0, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, inFile(path, 0, cause(err))
	}
	if int64(len(data)) > limit {
		return nil, inFile(path, 0, fmt.Errorf("more than %d MiB", limit>>20))
	}
	return data, nil
}

// cause leaves out the path, which stands before it anyway.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// inFile says where in a file something is wrong, in a *classify.UsageError
// that keeps the near matches of err. Line 0 is the file as a whole.
func inFile(file string, line int, err error) error {
	where := strconv.Quote(file)
	if line > 0 {
		where += fmt.Sprintf(": line %d", line)
	}
	var u *classify.UsageError
	if errors.As(err, &u) {
		return &classify.UsageError{Msg: where + ": " + u.Msg, Near: u.Near}
	}
	return &classify.UsageError{Msg: where + ": " + err.Error()}
}
