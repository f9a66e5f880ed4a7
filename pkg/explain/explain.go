// Package explain shows which parts of a picture speak for a label: class
// activation maps (Zhou et al., 2016) on the activations of the head. The
// classifier of the family is a matrix after the mean over all pixels, so that
// what a pixel of the map adds to a logit is exact and needs no gradient:
//
//	map_c(y,x) = Σk W[c,k]·f(y,x,k)    mean(map_c) + bias_c = logit_c
package explain

import (
	"context"
	"errors"
	"fmt"
	"image"
	"runtime"
	"sync"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
	"github.com/effnet/effnet/pkg/weights"
)

// Explainer is a network that gives maps. It is safe for concurrent use;
// pictures pass the network one at a time, on all its threads.
type Explainer struct {
	name        string
	prof        profile.Profile
	crop        preprocess.Crop
	decoding    preprocess.Options
	labels      []weights.Label // [classes]
	wanted      []int           // classes; nil: the likeliest
	top         int
	temperature float64
	classifier  classifier
	plan        *model.Plan // to the head

	mutex sync.Mutex
	ws    *model.Workspace
}

// Open reads a model as classify.Open does, with the same errors. Of o, Top is
// how many classes to explain (0: one, or all of Classes); MinProb, Embedding
// and Cache have no effect.
func Open(name string, o classify.Options) (*Explainer, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	full, data, err := classify.Load(name, o)
	if err != nil {
		return nil, err
	}
	w, err := classify.Weights(data, o)
	if err != nil {
		return nil, modelError(full, err)
	}
	return New(full, w, o)
}

// New makes an explainer of weights that have the overrides of o already, as
// classify.Weights gives them. name is for records.
func New(name string, w *weights.Model, o classify.Options) (*Explainer, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	e, err := newExplainer(w, o)
	if err != nil {
		return nil, modelError(name, err)
	}
	e.name = name
	return e, nil
}

func newExplainer(w *weights.Model, o classify.Options) (*Explainer, error) {
	set, err := o.Kernels()
	if err != nil {
		return nil, err
	}
	variant, err := model.Lookup(w.Variant)
	if err != nil {
		return nil, err
	}
	plan, err := model.CompileUntil(variant, w.Profile, w.Params, set, "head")
	if err != nil {
		return nil, err
	}
	e := &Explainer{
		prof: w.Profile, crop: o.Crop, top: max(o.Top, 1), temperature: w.Temperature, plan: plan,
		decoding: preprocess.Options{MaxPixels: o.MaxPixels, NoEXIF: o.NoEXIF, Lenient: o.Lenient},
	}
	if e.crop == "" {
		e.crop = preprocess.Center
	}
	if e.classifier, err = newClassifier(w.Params, plan.OutputShape(1).C); err != nil {
		return nil, err
	}
	if e.labels, err = classify.Labels(w); err != nil {
		return nil, err
	}
	if err := e.choose(o); err != nil {
		return nil, err
	}
	threads := o.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	e.ws = plan.NewWorkspace(threads)
	return e, nil
}

// choose finds the classes of o.Classes.
func (e *Explainer) choose(o classify.Options) error {
	seen := map[int]bool{}
	for _, name := range o.Classes {
		found, err := classify.Find(e.labels, name)
		if err != nil {
			return err
		}
		for _, c := range found {
			if !seen[c] {
				e.wanted = append(e.wanted, c)
			}
			seen[c] = true
		}
	}
	if len(e.wanted) > 0 && o.Top == 0 {
		e.top = len(e.wanted)
	}
	return nil
}

// modelError leaves wrong use as it is.
func modelError(name string, err error) error {
	var usage *classify.UsageError
	var refused *classify.ModelError
	if errors.As(err, &usage) || errors.As(err, &refused) {
		return err
	}
	return &classify.ModelError{Model: name, Err: err}
}

// Close gives threads and buffers back.
func (e *Explainer) Close() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.ws.Close()
}

// Name is the model's full name, or the file as it was given.
func (e *Explainer) Name() string { return e.name }

// Labels are the names of the classes, [classes].
func (e *Explainer) Labels() []weights.Label { return append([]weights.Label(nil), e.labels...) }

// Bytes explains an encoded picture. Errors are a *classify.Error or the
// context's own.
func (e *Explainer) Bytes(ctx context.Context, data []byte) (*Explanation, error) {
	return e.explain(ctx, func() (*preprocess.Picture, error) { return preprocess.Decode(data, e.decoding) })
}

// Image explains a decoded picture, as if its alpha were dropped.
func (e *Explainer) Image(ctx context.Context, img image.Image) (*Explanation, error) {
	return e.explain(ctx, func() (*preprocess.Picture, error) { return preprocess.FromImage(img) })
}

func (e *Explainer) explain(ctx context.Context, decode func() (*preprocess.Picture, error)) (x *Explanation, err error) {
	defer func() {
		if p := recover(); p != nil {
			x, err = nil, &classify.Error{Kind: classify.KindInternal, Err: fmt.Errorf("internal fault: %v", p)}
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	picture, err := decode()
	if err != nil {
		return nil, pictureError(err)
	}
	place, err := picture.Place(e.crop, e.prof)
	if err != nil {
		return nil, pictureError(err)
	}
	input, err := picture.Resize(e.crop, e.prof)
	if err != nil {
		return nil, pictureError(err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x = &Explanation{
		Format: picture.Format, Width: picture.Width, Height: picture.Height, Damaged: picture.Damaged,
		Place: place, Input: input, picture: picture.RGB,
	}
	return x, e.maps(x)
}

// maps runs the network on the input of x.
func (e *Explainer) maps(x *Explanation) error {
	side := e.plan.Resolution()
	in := tensor.New(tensor.Shape{N: 1, H: side, W: side, C: 3})
	preprocess.Normalise(x.Input, e.prof, in.Data)
	shape := e.plan.OutputShape(1)
	e.mutex.Lock()
	values, err := e.plan.Run(e.ws, in)
	if err == nil {
		values = append([]float32(nil), values...)
	}
	e.mutex.Unlock()
	if err != nil {
		return &classify.Error{Kind: classify.KindInternal, Err: err}
	}
	return e.conclude(x, &tensor.Tensor{Shape: shape, Data: values})
}

// pictureError gives an error of preprocess its kind.
func pictureError(err error) error {
	var p *preprocess.Error
	if errors.As(err, &p) {
		return &classify.Error{Kind: classify.Kind(p.Kind), Err: err}
	}
	return &classify.Error{Kind: classify.KindInternal, Err: err}
}
