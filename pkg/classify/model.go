package classify

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"sync"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

// Model is a network with its weights, ready to classify. It is immutable and
// safe for concurrent use.
type Model struct {
	plan     *model.Plan
	prof     profile.Profile
	crop     preprocess.Crop
	decoding preprocess.Options
	ranking  ranking
	threads  int
	idle     chan *Session // one slot a thread; nil where none was made yet
	info     Info
	goldens  []weights.Golden // nil where the file has none of this profile
	recall   *recall          // nil: no cache

	embedding   bool // results have the features
	temperature float64
}

// Open reads a model: "" is the embedded EfficientNet-Lite0, a name such as
// "lite0" an embedded model or one that Options.Resolve finds, and a path, a
// name that ends like a weight file or one of an existing file, a model file.
func Open(name string, o Options) (*Model, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if name == "" {
		name = defaultModel
	}
	set, err := o.Kernels()
	if err != nil {
		return nil, err
	}
	full, path, data, err := o.find(name)
	if err != nil {
		return nil, err
	}
	var m *Model
	if path != "" {
		m, err = openModel(full, path, set, o)
	} else {
		m, err = dataModel(full, data, set, o)
	}
	var usage *UsageError
	if err != nil && !errors.As(err, &usage) {
		return nil, &ModelError{name, err}
	}
	return m, err
}

// openModel reads the tensors of a file one by one where its format allows
// that, so that they and the plan's own are never in memory both.
func openModel(name, path string, set *kernels.Set, o Options) (*Model, error) {
	f, size, err := openFile(path)
	if err != nil {
		return nil, err
	}
	w, ok, err := weights.ReadAt(f, size, weights.Options{Variant: o.Variant})
	if !ok || err != nil {
		f.Close()
		if err != nil {
			return nil, err
		}
		data, err := readModel(path)
		if err != nil {
			return nil, err
		}
		return dataModel(name, data, set, o)
	}
	sum := sync.OnceValue(func() string { return sumOf(io.NewSectionReader(f, 0, size)) })
	defer func() { // not at the same time: loading is waited for
		go func() {
			sum()
			f.Close()
		}()
	}()
	if w, err = o.apply(w, nil); err != nil {
		return nil, err
	}
	return newModel(name, w, sum, set, o)
}

func dataModel(name string, data []byte, set *kernels.Set, o Options) (*Model, error) {
	w, err := o.weights(data)
	if err != nil {
		return nil, err
	}
	return newModel(name, w, digest(name, data), set, o)
}

func newModel(name string, w *weights.Model, sum func() string, set *kernels.Set, o Options) (*Model, error) {
	variant, err := model.Lookup(w.Variant)
	if err != nil {
		return nil, err
	}
	prof := w.Profile
	plan, err := model.Compile(variant, prof, w.Params, set)
	if err != nil {
		return nil, err
	}
	labels, err := labelsFor(o.Labels, w.Labels, plan.Classes())
	if err != nil {
		return nil, err
	}
	other := otherLabel(o.Labels, w.Labels, plan.Classes())
	chosen, err := choose(o.Classes, labels)
	if err != nil {
		return nil, err
	}
	m := &Model{
		plan: plan, prof: prof, crop: o.Crop, decoding: o.decoding(), threads: o.threads(),
		ranking: ranking{labels: labels, chosen: chosen, top: o.top(plan.Classes()), minProb: o.MinProb},
		info: Info{
			Name: name, Variant: variant.Name, Classes: plan.Classes(), Precision: "f32", Tier: string(plan.Tier()),
			Profile: prof, Labels: labels, Other: other, Source: w.Source, License: w.License,
			Scheme: w.Scheme, Assumed: w.Assumed, Temperature: w.Temperature, sum: sum,
		},
		goldens: w.Goldens, embedding: o.Embedding, temperature: w.Temperature,
	}
	if m.crop == "" {
		m.crop = preprocess.Center
	}
	m.recall = newRecall(m, o)
	m.idle = make(chan *Session, m.threads)
	for range m.threads {
		m.idle <- nil
	}
	return m, nil
}

// Bytes classifies an encoded picture.
func (m *Model) Bytes(ctx context.Context, data []byte) (*Result, error) {
	return m.pooled(ctx, func(s *Session) (*Result, error) { return s.Bytes(ctx, data) })
}

// Reader classifies the encoded picture that r gives, read to its end or to
// the limit that Options.MaxPixels implies.
func (m *Model) Reader(ctx context.Context, r io.Reader) (*Result, error) {
	data, err := m.read(r)
	if err != nil {
		return nil, err
	}
	return m.Bytes(ctx, data)
}

// Image classifies a decoded picture, as if its alpha were dropped.
func (m *Model) Image(ctx context.Context, img image.Image) (*Result, error) {
	return m.pooled(ctx, func(s *Session) (*Result, error) { return s.Image(ctx, img) })
}

// pooled waits for one of the model's threads and lends its session to work.
func (m *Model) pooled(ctx context.Context, work func(*Session) (*Result, error)) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var s *Session
	select {
	case s = <-m.idle:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s == nil {
		s = m.Session(1)
	}
	defer func() { m.idle <- s }()
	return work(s)
}

// reading makes the input tensor, [resolution·resolution·3], of a picture.
type reading func(ws *preprocess.Workspace, dst []float32) (preprocess.Input, error)

// prepare writes a picture to dst while ctx lives.
func (m *Model) prepare(ctx context.Context, read reading, ws *preprocess.Workspace, dst []float32) (r *Result, err error) {
	defer guard(&err)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in, err := read(ws, dst)
	if err != nil {
		return nil, pictureError(err)
	}
	return &Result{
		Format: in.Format, Width: in.Width, Height: in.Height, Damaged: in.Damaged,
		Timing: Timing{Decode: in.Decode, Resize: in.Resize, Scale: in.Scale},
	}, nil
}

// decode reads an encoded picture.
func (m *Model) decode(data []byte) reading {
	return func(ws *preprocess.Workspace, dst []float32) (preprocess.Input, error) {
		return ws.Read(data, m.decoding, m.crop, m.prof, dst)
	}
}

// take reads a decoded picture.
func (m *Model) take(img image.Image) reading {
	return func(ws *preprocess.Workspace, dst []float32) (preprocess.Input, error) {
		return ws.Image(img, m.crop, m.prof, dst)
	}
}

// conclude turns logits into the result's predictions.
func (m *Model) conclude(r *Result, logits []float32) (err error) {
	r.Logits, r.Temperature = slices.Clone(logits), m.temperature
	if err := checkFinite(r.Embedding); err != nil {
		return err
	}
	r.Predictions, err = m.ranking.predictions(r.Logits, r.Temperature)
	return err
}

// read reads an encoded picture of any size that MaxPixels allows: eight bytes
// a pixel and some for what surrounds them.
func (m *Model) read(r io.Reader) ([]byte, error) {
	const bytesPerPixel, around = 8, 16 << 20
	pixels := m.decoding.MaxPixels
	if pixels == 0 {
		pixels = preprocess.DefaultMaxPixels
	}
	limit := min(pixels, 1<<32)*bytesPerPixel + around
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, &Error{KindRead, err}
	}
	if int64(len(data)) > limit {
		return nil, &Error{KindLimit, fmt.Errorf("more than %d bytes", limit)}
	}
	return data, nil
}

// pictureError gives an error of preprocess its kind.
func pictureError(err error) error {
	var p *preprocess.Error
	if errors.As(err, &p) {
		return &Error{Kind(p.Kind), err}
	}
	return &Error{KindInternal, err}
}
