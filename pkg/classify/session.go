package classify

import (
	"context"
	"fmt"
	"image"
	"io"
	"time"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/tensor"
)

// Session classifies on threads of its own and keeps the buffers between
// pictures. It belongs to one goroutine at a time.
type Session struct {
	m       *Model
	threads int
	ws      *model.Workspace
	pixels  []preprocess.Workspace // one a thread
	in      tensor.Tensor          // [N, resolution, resolution, 3], grown to the largest batch
}

// Session makes a session that computes with the given number of threads; 0
// means Options.Threads. The caller closes it.
func (m *Model) Session(threads int) *Session {
	if threads <= 0 {
		threads = m.threads
	}
	return &Session{m: m, threads: threads, ws: m.plan.NewWorkspace(threads), pixels: make([]preprocess.Workspace, threads)}
}

// Close gives the session's threads and buffers back.
func (s *Session) Close() { s.ws.Close() }

// Bytes classifies an encoded picture.
func (s *Session) Bytes(ctx context.Context, data []byte) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, key := s.m.recalled(data)
	if r != nil {
		return r, nil
	}
	r, err := s.one(ctx, s.m.decode(data), s.m.embedding)
	if err == nil {
		s.m.recall.put(key, r)
	}
	return r, err
}

// Image classifies a decoded picture, as if its alpha were dropped.
func (s *Session) Image(ctx context.Context, img image.Image) (*Result, error) {
	return s.one(ctx, s.m.take(img), s.m.embedding)
}

// Reader classifies the encoded picture that r gives, read to its end or to
// the limit that Options.MaxPixels implies.
func (s *Session) Reader(ctx context.Context, r io.Reader) (*Result, error) {
	data, err := s.m.read(r)
	if err != nil {
		return nil, err
	}
	return s.Bytes(ctx, data)
}

// one classifies a picture; with embed the result has the features.
func (s *Session) one(ctx context.Context, read reading, embed bool) (r *Result, err error) {
	start := time.Now()
	s.shape(1)
	if r, err = s.m.prepare(ctx, read, &s.pixels[0], s.row(0)); err != nil {
		return nil, err
	}
	logits, took, err := s.run(ctx)
	if err != nil {
		return nil, err
	}
	r.Timing.Model = took
	if embed {
		r.Embedding = s.embedding(0)
	}
	if err := s.m.conclude(r, logits); err != nil {
		return nil, err
	}
	r.Timing.Total = time.Since(start)
	return r, nil
}

// shape makes the input tensor hold n pictures, keeping those already there.
func (s *Session) shape(n int) {
	side := s.m.plan.Resolution()
	s.in.Shape = tensor.Shape{N: n, H: side, W: side, C: 3}
	if need := s.in.Shape.Len(); need > cap(s.in.Data) {
		s.in.Data = make([]float32, need)
	} else {
		s.in.Data = s.in.Data[:need]
	}
}

// row is the i-th picture of the input tensor, [resolution·resolution·3].
func (s *Session) row(i int) []float32 {
	n := s.in.Shape.H * s.in.Shape.W * s.in.Shape.C
	return s.in.Data[i*n : (i+1)*n : (i+1)*n]
}

// run computes the logits [N·classes] of the input tensor, valid until the
// next run.
func (s *Session) run(ctx context.Context) (logits []float32, took time.Duration, err error) {
	defer guard(&err)
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	start := time.Now()
	logits, err = s.m.plan.Run(s.ws, &s.in)
	if err != nil {
		return nil, 0, &Error{KindInternal, err}
	}
	return logits, time.Since(start), nil
}

// guard turns a panic into an error: one picture's failure is never the
// program's.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = &Error{KindInternal, fmt.Errorf("internal fault: %v", p)}
	}
}
