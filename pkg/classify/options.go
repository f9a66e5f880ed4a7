package classify

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

const defaultTop = 5

// Options say how to classify. The zero value is good.
type Options struct {
	Variant    string          // architecture of a file that does not tell
	Overrides  string          // KEY=VALUE,… over the file's profile, see profile.Parse
	Resolution int             // side of the input, pixels; 0: the profile's
	Crop       preprocess.Crop // empty: center
	Labels     []weights.Label // instead of the file's own, one a class
	Top        int             // predictions a picture; 0: 5, or all of Classes
	Classes    []string        // only these: label, synonym, WordNet id or index
	MinProb    float64         // drops predictions below it
	Threads    int             // 0: all the CPUs that the process may use
	MaxPixels  int64           // limit of a picture's size; 0: 100000000
	NoEXIF     bool            // ignores the EXIF orientation
	Lenient    bool            // classifies damaged pictures from what could be decoded
	Scaled     bool            // decodes large JPEGs at a fraction of their size, see preprocess.Fast
	Embedding  bool            // results have the features too
	Tier       string          // of the kernels, such as "generic"; empty: the best, at most $EFFNET_CPU
	Cache      Cache           // of what encoded pictures gave; nil: none
	Engine     string          // version of the program, which a cached result must have too

	// Resolve finds the model file of a name that is not embedded, such as
	// "b0" or "b0@timm", and the full name. Its error is a *UsageError for an
	// unknown name and an *AbsentError for a known one without a file. nil
	// knows of no files.
	Resolve func(name string) (full, path string, err error)
}

// Check finds what makes no sense whatever the model is, so that it is said
// before any model is read.
func (o *Options) Check() error {
	wrong := func(format string, args ...any) error {
		return &UsageError{Msg: fmt.Sprintf(format, args...)}
	}
	switch o.Crop {
	case "", preprocess.Center, preprocess.Squash, preprocess.Pad:
	default:
		return wrong("crop %q is none of center, squash, pad", o.Crop)
	}
	switch {
	case o.Top < 0:
		return wrong("top %d is negative", o.Top)
	case !(o.MinProb >= 0 && o.MinProb <= 1):
		return wrong("least probability %v is not from 0 to 1", o.MinProb)
	case o.Threads < 0:
		return wrong("threads %d is negative", o.Threads)
	case o.MaxPixels < 0:
		return wrong("limit of %d pixels is negative", o.MaxPixels)
	}
	_, err := o.profile(profile.ImageNet(profile.MaxResolution))
	return err
}

// profile applies the overrides to what the weights say of themselves.
func (o *Options) profile(own profile.Profile) (profile.Profile, error) {
	if err := profile.Parse(o.Overrides, &own); err != nil {
		return own, &UsageError{Msg: err.Error()}
	}
	if o.Resolution != 0 {
		if err := own.Set("resolution", strconv.Itoa(o.Resolution)); err != nil {
			return own, &UsageError{Msg: err.Error()}
		}
	}
	return own, nil
}

// top is how many predictions to keep.
func (o *Options) top(classes int) int {
	switch {
	case o.Top > 0:
		return min(o.Top, classes)
	case len(o.Classes) > 0:
		return classes
	}
	return min(defaultTop, classes)
}

// Kernels is the set of the tier. The error is a *UsageError.
func (o *Options) Kernels() (*kernels.Set, error) {
	if o.Tier == "" {
		set, err := kernels.Best()
		if err != nil {
			return nil, &UsageError{Msg: err.Error()}
		}
		return set, nil
	}
	var tiers []string
	for _, set := range kernels.Sets() {
		if string(set.Tier) == o.Tier {
			return set, nil
		}
		tiers = append(tiers, string(set.Tier))
	}
	return nil, &UsageError{Msg: fmt.Sprintf("no kernels of tier %q here, there are %s", o.Tier, strings.Join(tiers, ", "))}
}

func (o *Options) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return runtime.GOMAXPROCS(0)
}

func (o *Options) decoding() preprocess.Options {
	d := preprocess.Options{MaxPixels: o.MaxPixels, NoEXIF: o.NoEXIF, Lenient: o.Lenient}
	if o.Scaled {
		d.Scaling = preprocess.Fast
	}
	return d
}
