package train

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/preprocess"
)

// DefaultShare is the share of a folder's pictures that is held back for
// validation where the folder does not say which.
const DefaultShare = 0.2

// ScanOptions say how a folder becomes a Dataset. The zero value is good.
type ScanOptions struct {
	Share    float64            // for validation where there is no val/; 0: DefaultShare
	Threads  int                // readers of files; 0: all the CPUs that the process may use
	Decoding preprocess.Options // as training will decode
}

// Sum is the SHA-256 of a picture's bytes.
type Sum = [sha256.Size]byte

// Picture is one labelled file.
type Picture struct {
	Path  string // the scanned folder joined with the relative path
	Class int    // index in Dataset.Classes
	Sum   Sum
}

// BadPicture is a file that is left out, and why.
type BadPicture struct {
	Path  string
	Class int
	Err   error // a *classify.Error
}

// Leak is a validation picture whose bytes are also in training.
type Leak struct{ Validation, Training string }

// Dataset is a folder's labelled pictures: their paths and digests, no pixels.
type Dataset struct {
	Dir        string
	Classes    []string  // names of the classes' folders, in lexical order
	Training   []Picture // by class, then path
	Validation []Picture // by class, then path
	Split      bool      // validation was split off, not given as val/
	Bad        []BadPicture
	Leaks      []Leak   // possible only without Split
	Ignored    []string // pictures and folders directly in Dir that belong to no class
}

// DatasetError is why a folder can not be trained on.
type DatasetError struct {
	Dir      string
	Problems []string // a line each
}

// Error names the first few problems and counts the rest.
func (e *DatasetError) Error() string {
	const most = 5
	text := fmt.Sprintf("%q: ", e.Dir) + strings.Join(e.Problems[:min(most, len(e.Problems))], "; ")
	if n := len(e.Problems) - most; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return text
}

// Scan finds the pictures below dir by class and reads each once. dir holds a
// folder a class, or train/ and val/ with the same classes each; without val/ a
// share is split off by the digest of the bytes, so that the same bytes never
// stand on both sides and a picture keeps its side when others come or go.
// Whether a picture can be decoded is only looked at until each class has one.
// The error is a *DatasetError, a *classify.UsageError for a share that is none,
// or ctx's.
func Scan(ctx context.Context, dir string, o ScanOptions) (*Dataset, error) {
	if o.Share == 0 {
		o.Share = DefaultShare
	}
	if !(o.Share > 0 && o.Share < 1) {
		return nil, &classify.UsageError{Msg: fmt.Sprintf("a share of %v for validation is not between 0 and 1", o.Share)}
	}
	l, err := findLayout(dir)
	if err != nil {
		return nil, err
	}
	d := &Dataset{Dir: dir, Classes: l.classes, Split: l.val == "", Ignored: l.ignored}
	if d.Training, err = l.pictures(ctx, l.train); err != nil {
		return nil, err
	}
	if !d.Split {
		if d.Validation, err = l.pictures(ctx, l.val); err != nil {
			return nil, err
		}
	}
	if err := d.digest(ctx, o); err != nil {
		return nil, err
	}
	if err := d.probe(ctx, o); err != nil {
		return nil, err
	}
	if d.Split {
		d.splitOff(o.Share)
	} else {
		d.findLeaks()
	}
	return d, nil
}

// digest fills in every Sum; files that cannot be read become Bad.
func (d *Dataset) digest(ctx context.Context, o ScanOptions) error {
	for _, side := range []*[]Picture{&d.Training, &d.Validation} {
		pictures := *side
		errs := make([]error, len(pictures))
		spread(threadsOr(o.Threads), len(pictures), func(i int) {
			if errs[i] = ctx.Err(); errs[i] == nil {
				pictures[i].Sum, errs[i] = digestFile(pictures[i].Path)
			}
		})
		if err := ctx.Err(); err != nil {
			return err
		}
		*side = d.without(pictures, errs)
	}
	return nil
}

// without gives the pictures whose error is nil and remembers the others.
func (d *Dataset) without(pictures []Picture, errs []error) []Picture {
	good := pictures[:0:0]
	for i, p := range pictures {
		if errs[i] == nil {
			good = append(good, p)
		} else {
			d.Bad = append(d.Bad, BadPicture{p.Path, p.Class, errs[i]})
		}
	}
	return good
}

// probe decodes pictures until each class has one that can be on each side.
func (d *Dataset) probe(ctx context.Context, o ScanOptions) error {
	var problems []string
	for _, side := range []*[]Picture{&d.Training, &d.Validation} {
		pictures := *side
		if side == &d.Validation && d.Split {
			continue
		}
		errs := make([]error, len(pictures))
		readable := make([]bool, len(d.Classes))
		spread(threadsOr(o.Threads), len(d.Classes), func(class int) {
			first, _ := slices.BinarySearchFunc(pictures, class, func(p Picture, class int) int { return p.Class - class })
			for i := first; i < len(pictures) && pictures[i].Class == class && !readable[class] && ctx.Err() == nil; i++ {
				_, errs[i] = pictures[i].Decode(o.Decoding)
				readable[class] = errs[i] == nil
			}
		})
		if err := ctx.Err(); err != nil {
			return err
		}
		*side = d.without(pictures, errs)
		for class, ok := range readable {
			if !ok {
				problems = append(problems, d.unreadable(class))
			}
		}
	}
	if problems != nil {
		return &DatasetError{d.Dir, problems}
	}
	return nil
}

// findLeaks lists validation pictures that training has too.
func (d *Dataset) findLeaks() {
	paths := make(map[Sum]string, len(d.Training))
	for _, p := range d.Training {
		if _, ok := paths[p.Sum]; !ok {
			paths[p.Sum] = p.Path
		}
	}
	for _, p := range d.Validation {
		if training, ok := paths[p.Sum]; ok {
			d.Leaks = append(d.Leaks, Leak{p.Path, training})
		}
	}
}

// Counts is the number of pictures of each class in training and validation.
func (d *Dataset) Counts() (training, validation []int) {
	count := func(pictures []Picture) []int {
		n := make([]int, len(d.Classes))
		for _, p := range pictures {
			n[p.Class]++
		}
		return n
	}
	return count(d.Training), count(d.Validation)
}

func threadsOr(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// spread calls f(0) … f(n-1) on at most threads goroutines.
func spread(threads, n int, f func(i int)) {
	if threads = min(threads, n); threads <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
