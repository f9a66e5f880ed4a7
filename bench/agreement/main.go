// Agreement measures how far scaled decoding of JPEGs changes what a network
// says: usage: agreement [-gaps 1,2] [-resolutions 64,96] MODEL... -- DIR...
//
// Each photo below the folders is read as it is, at small resolutions, and at
// that of each model after it was enlarged to the sizes of cameras, with and
// without grain. For every scale that could be used the classes and
// probabilities are compared with those of the full decode.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/effnet/effnet/pkg/classify"
)

func main() {
	log.SetFlags(0)
	gaps := flag.String("gaps", "1,2,3,4", "rules to compare, see preprocess.Scaling")
	small := flag.String("resolutions", "64,96", "at which photos are read as they are")
	every := flag.Int("every", 1, "takes one of `N` photos")
	flag.Parse()
	at := slices.Index(flag.Args(), "--")
	if at < 1 || at == flag.NArg()-1 {
		log.Fatal("usage: agreement [flags] MODEL... -- DIR...")
	}
	rules, err := numbers(*gaps)
	if err != nil {
		log.Fatal(err)
	}
	resolutions, err := numbers(*small)
	if err != nil {
		log.Fatal(err)
	}
	networks, err := open(flag.Args()[:at], resolutions)
	if err != nil {
		log.Fatal(err)
	}
	photos, err := find(flag.Args()[at+1:], *every)
	if err != nil {
		log.Fatal(err)
	}
	trials, err := measure(networks, photos)
	if err != nil {
		log.Fatal(err)
	}
	report(os.Stdout, trials, rules)
}

func numbers(list string) (values []float64, err error) {
	if list == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(list, ",") {
		v, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// open compiles each model at its own resolution and at the small ones.
func open(names []string, small []float64) (networks []*network, err error) {
	for _, name := range names {
		for _, resolution := range append([]float64{0}, small...) {
			m, err := classify.Open(name, classify.Options{Resolution: int(resolution), Threads: 1})
			if err != nil {
				return nil, err
			}
			networks = append(networks, &network{
				name: strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), plan: m.Plan(),
				profile: m.Info().Profile, small: resolution > 0,
			})
		}
	}
	return networks, nil
}

// find lists one in every n JPEG files below folders.
func find(folders []string, n int) (photos []string, err error) {
	for _, dir := range folders {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			switch strings.ToLower(filepath.Ext(path)) {
			case ".jpg", ".jpeg":
				photos = append(photos, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(photos) == 0 {
		return nil, errors.New("no JPEG files")
	}
	var chosen []string
	for i := 0; i < len(photos); i += max(n, 1) {
		chosen = append(chosen, photos[i])
	}
	return chosen, nil
}

// measure compares every photo on every CPU.
func measure(networks []*network, photos []string) (trials []trial, err error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			c := newComparer(networks)
			defer c.close()
			for i := range next {
				found, photoErr := c.photo(photos[i], uint64(i))
				mu.Lock()
				trials = append(trials, found...)
				if photoErr != nil {
					err = errors.Join(err, fmt.Errorf("%s: %w", photos[i], photoErr))
				}
				mu.Unlock()
			}
		})
	}
	for i := range photos {
		next <- i
	}
	close(next)
	group.Wait()
	return trials, err
}
