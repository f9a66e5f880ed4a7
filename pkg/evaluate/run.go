package evaluate

import (
	"context"

	"github.com/effnet/effnet/pkg/classify"
)

const runBatch = 16

// Run classifies all pictures of a set, in batches on all threads of the model,
// and gives the figures. A picture that can not be classified counts among
// Figures.Errors, and is told to failed, which may be nil. The error is the
// context's.
func Run(ctx context.Context, m *classify.Model, s *Set, o Options, failed func(path string, err error)) (*Figures, error) {
	info := m.Info()
	o.Temperature = info.Temperature
	t, err := New(Classes(info), o)
	if err != nil {
		return nil, err
	}
	session := m.Session(0)
	defer session.Close()
	r := runner{tally: t, session: session, failed: failed}
	for p := range s.All() {
		data, err := p.Read()
		if err != nil {
			r.fail(p.Path, err)
			continue
		}
		r.pictures, r.data = append(r.pictures, p), append(r.data, data)
		if len(r.data) == runBatch {
			if err := r.batch(ctx); err != nil {
				return nil, err
			}
		}
	}
	if err := r.batch(ctx); err != nil {
		return nil, err
	}
	f := t.Figures()
	f.Model = info.Name
	return f, nil
}

type runner struct {
	tally    *Tally
	session  *classify.Session
	failed   func(path string, err error)
	pictures []Picture
	data     [][]byte
}

func (r *runner) fail(path string, err error) {
	r.tally.Fail()
	if r.failed != nil {
		r.failed(path, err)
	}
}

func (r *runner) batch(ctx context.Context) error {
	for i, o := range r.session.Batch(ctx, r.data) {
		path := r.pictures[i].Path
		if err := ctx.Err(); err != nil {
			return err
		}
		if o.Err != nil {
			r.fail(path, o.Err)
			continue
		}
		if _, err := r.tally.Add(path, r.pictures[i].Truth, o.Result.Logits); err != nil {
			return err
		}
	}
	r.pictures, r.data = r.pictures[:0], r.data[:0]
	return nil
}
