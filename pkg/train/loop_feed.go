package train

import (
	"context"
	"fmt"
	"sync"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// front turns pictures into what the tail reads, each on one of its workers:
// decode, crop or vary, and run the plan of the frozen blocks.
type front struct {
	plan     *model.Plan // nil: the tail reads the pictures themselves
	profile  profile.Profile
	crop     preprocess.Crop
	decoding preprocess.Options
	augment  Augment
	values   int // of what the tail reads of a picture

	jobs    chan job
	workers sync.WaitGroup
}

// job is one picture on its way.
type job struct {
	ctx     context.Context
	picture Picture
	draw    *Draw     // nil: not varied
	dst     []float32 // [values]
	err     *error
	done    *sync.WaitGroup
}

func (f *front) start(threads int) {
	f.jobs = make(chan job)
	for range threads {
		f.workers.Go(f.work)
	}
}

// close ends the workers when all jobs are done.
func (f *front) close() {
	close(f.jobs)
	f.workers.Wait()
}

func (f *front) work() {
	w := &frontWorker{front: f}
	if f.plan != nil {
		res := f.profile.Resolution
		w.space = f.plan.NewWorkspace(1)
		w.in = tensor.New(tensor.Shape{N: 1, H: res, W: res, C: 3})
		defer w.space.Close()
	}
	for j := range f.jobs {
		*j.err = w.do(j)
		j.done.Done()
	}
}

// frontWorker is what one goroutine keeps between pictures.
type frontWorker struct {
	*front
	space  *model.Workspace
	in     *tensor.Tensor
	pixels preprocess.Workspace
}

func (w *frontWorker) do(j job) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = &classify.Error{Kind: classify.KindInternal, Err: fmt.Errorf("internal fault: %v", fault)}
		}
	}()
	if err := j.ctx.Err(); err != nil {
		return err
	}
	if w.plan == nil {
		return w.read(j, j.dst)
	}
	if err := w.read(j, w.in.Data); err != nil {
		return err
	}
	out, err := w.plan.Run(w.space, w.in)
	copy(j.dst, out)
	return err
}

// read writes the normalised picture to dst.
func (w *frontWorker) read(j job, dst []float32) error {
	if j.draw == nil || w.augment.none() {
		data, err := j.picture.Read()
		if err != nil {
			return err
		}
		_, err = w.pixels.Read(data, w.decoding, w.crop, w.profile, dst)
		return err
	}
	p, err := j.picture.Decode(w.decoding)
	if err != nil {
		return err
	}
	return w.augment.Tensor(p, w.profile, *j.draw, dst)
}

// batch is pictures of an epoch for one step.
type batch struct {
	epoch, number int       // from 0
	x             []float32 // [N, values]
	pictures      []Picture
	labels        []int
	errs          []error
	ready         sync.WaitGroup
}

// begin empties the batch for n pictures.
func (b *batch) begin(epoch, number, n, values int) {
	b.epoch, b.number = epoch, number
	b.x = b.x[:n*values]
	b.pictures, b.labels = b.pictures[:0], b.labels[:0]
	b.errs = make([]error, n)
	b.ready.Add(n)
}

// wait waits for the pictures, drops those that failed and tells of them.
func (b *batch) wait(values int, failed func(Picture, error)) {
	b.ready.Wait()
	kept := 0
	for i, err := range b.errs {
		if err != nil {
			failed(b.pictures[i], err)
			continue
		}
		if kept < i {
			copy(b.x[kept*values:][:values], b.x[i*values:][:values])
		}
		b.pictures[kept] = b.pictures[i]
		b.labels = append(b.labels, b.pictures[i].Class)
		kept++
	}
	b.pictures, b.x = b.pictures[:kept], b.x[:kept*values]
}

// feed prepares the batches of all epochs a little ahead of the steps.
type feed struct {
	frozen   *front
	pictures []Picture
	size     int // pictures of a batch
	seed     uint64
	free     chan *batch
	next     chan *batch
	stop     context.CancelFunc
	ended    chan struct{}
}

// ahead is the batches that are prepared while one is used.
const ahead = 2

// newFeed begins with a batch of an epoch.
func newFeed(ctx context.Context, f *front, pictures []Picture, o *Options, epoch, number int) *feed {
	ctx, stop := context.WithCancel(ctx)
	d := &feed{
		frozen: f, pictures: pictures, size: min(o.Batch, len(pictures)), seed: o.Seed, stop: stop,
		free: make(chan *batch, ahead+1), next: make(chan *batch, ahead+1), ended: make(chan struct{}),
	}
	for range ahead + 1 {
		d.free <- &batch{x: make([]float32, d.size*f.values)}
	}
	go func() {
		defer close(d.ended)
		for ; epoch < o.Epochs && d.epoch(ctx, epoch, number); epoch++ {
			number = 0
		}
	}()
	return d
}

// close waits until nothing is on its way any more.
func (d *feed) close() {
	d.stop()
	<-d.ended
}

// batches is the number of steps of an epoch.
func (d *feed) batches() int { return (len(d.pictures) + d.size - 1) / d.size }

// epoch hands the epoch's pictures to the workers in a shuffled order, from a
// batch on; false once ctx has ended.
func (d *feed) epoch(ctx context.Context, epoch, number int) bool {
	order := shuffled(d.seed, epoch, len(d.pictures))
	for ; number < d.batches(); number++ {
		var b *batch
		select {
		case b = <-d.free:
		case <-ctx.Done():
			return false
		}
		part := order[number*d.size : min((number+1)*d.size, len(order))]
		b.begin(epoch, number, len(part), d.frozen.values)
		for i, index := range part {
			draw := NewDraw(d.seed, epoch, index)
			b.pictures = append(b.pictures, d.pictures[index])
			d.frozen.jobs <- job{ctx, d.pictures[index], &draw, b.x[i*d.frozen.values:][:d.frozen.values], &b.errs[i], &b.ready}
		}
		d.next <- b
	}
	return true
}

// shuffled is the numbers below n in an order that seed and epoch alone decide
// (Fisher and Yates).
func shuffled(seed uint64, epoch, n int) []int {
	order := make([]int, n)
	for i := range order {
		at := int(draw(mix(seed), uint64(epoch), i) * float64(i+1))
		order[i] = order[at]
		order[at] = i
	}
	return order
}
