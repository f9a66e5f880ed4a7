package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
)

// session is what the pipeline needs of a classify.Session.
type session interface {
	Batch(ctx context.Context, pictures [][]byte) []classify.Outcome
	Close()
}

// job is some consecutive inputs, once ready is closed their bytes, and once done is
// closed their records.
type job struct {
	inputs  []source.Input
	ready   chan struct{}
	data    [][]byte        // nil where a record is known or holds an error
	records []report.Record // nil where the run was interrupted before the job began
	done    chan struct{}
}

func newJob(inputs []source.Input) *job {
	return &job{inputs: inputs, ready: make(chan struct{}), done: make(chan struct{})}
}

// read gets the bytes of the inputs, in memory of buffer where it has some. It leaves no
// records where ctx is cancelled while it waits for a stream.
func (j *job) read(ctx context.Context, known func(string) (report.Record, bool), buffer func() []byte) {
	j.data = make([][]byte, len(j.inputs))
	j.records = make([]report.Record, len(j.inputs))
	for i, in := range j.inputs {
		r := &j.records[i]
		if known != nil {
			var done bool
			if *r, done = known(in.Path); done {
				continue
			}
		}
		bytes, err := readInput(ctx, in, buffer)
		if errors.Is(err, context.Canceled) {
			j.data, j.records = nil, nil
			return
		}
		if bytes == nil {
			bytes = []byte{}
		}
		r.Path = in.Path
		if err != nil {
			r.Err = inputError(err)
			continue
		}
		j.data[i] = bytes
	}
}

// size is the bytes that were read.
func (j *job) size() int64 {
	n := 0
	for _, b := range j.data {
		n += len(b)
	}
	return int64(n)
}

// readInput waits for a stream no longer than until ctx is cancelled.
func readInput(ctx context.Context, in source.Input, buffer func() []byte) ([]byte, error) {
	if !in.Stream {
		return in.ReadInto(buffer())
	}
	type outcome struct {
		data []byte
		err  error
	}
	ready := make(chan outcome, 1)
	go func() {
		data, err := in.Read()
		ready <- outcome{data, err}
	}()
	select {
	case o := <-ready:
		return o.data, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// label fills in the records that hold no error yet. It returns false after a panic,
// which is an error of the inputs concerned.
func label(s session, data [][]byte, records []report.Record) (sound bool) {
	var which []int
	var pictures [][]byte
	for i := range data {
		if data[i] != nil {
			which, pictures = append(which, i), append(pictures, data[i])
		}
	}
	if len(which) == 0 {
		return true
	}
	defer func() {
		if fault := recover(); fault != nil {
			for _, i := range which {
				records[i].Err = &classify.Error{Kind: classify.KindInternal, Err: fmt.Errorf("internal fault: %v", fault)}
			}
		}
	}()
	for n, o := range s.Batch(context.Background(), pictures) {
		r := &records[which[n]]
		if o.Err != nil {
			r.Err = inputError(o.Err)
		} else {
			r.Result = o.Result
		}
	}
	return true
}

// inputError gives every error of an input its kind.
func inputError(err error) *classify.Error {
	var known *classify.Error
	var read *source.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &read) && read.Limit:
		return &classify.Error{Kind: classify.KindLimit, Err: err}
	case errors.As(err, &read):
		return &classify.Error{Kind: classify.KindRead, Err: err}
	}
	return &classify.Error{Kind: classify.KindInternal, Err: err}
}
