package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// How long bench measures where --runs does not say, after benchWarmUp batches.
const (
	benchWarmUp    = 5
	benchLeastRuns = 11
	benchFor       = 3 * time.Second
)

// benchResult is what effnet bench -f json prints.
type benchResult struct {
	Schema    string       `json:"schema"`
	Model     string       `json:"model"`
	Precision string       `json:"precision"`
	Threads   int          `json:"threads"`
	Batch     int          `json:"batch"`
	Tier      string       `json:"tier"`
	Version   string       `json:"version"`
	Input     int          `json:"resolution"`
	Runs      int          `json:"runs"`
	Latency   benchLatency `json:"latency_ms"`
	Images    float64      `json:"images_per_second"`
	GFLOPS    float64      `json:"gflops"`
	Peak      float64      `json:"peak_gflops"`
	Share     float64      `json:"peak_share"`
	Layers    []benchLayer `json:"layers,omitempty"`
}

// benchLatency is of one batch, in milliseconds.
type benchLatency struct {
	Min float64 `json:"min"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
}

// benchLayer is an operation of the plan, for one batch.
type benchLayer struct {
	Name      string   `json:"name"`
	Steps     []string `json:"steps"`
	Kernels   string   `json:"kernels"`
	Time      float64  `json:"time_ms"` // median
	TimeShare float64  `json:"time_share"`
	GFLOPS    float64  `json:"gflops"`
	PeakShare float64  `json:"peak_share"`
	Bytes     int64    `json:"bytes"`
}

func runBench(ctx context.Context, s Streams, o BenchOptions) error {
	set, err := kernels.Best()
	if err != nil {
		return usage(err)
	}
	threads := limitThreads(o.Threads)
	if o.Folder != "" {
		return benchFolder(ctx, s, o, threads)
	}
	before, err := o.earlier()
	if err != nil {
		return err
	}
	name, plan, err := o.plan(set)
	if err != nil {
		return err
	}
	b := &bencher{plan: plan, ws: plan.NewWorkspace(threads), runs: o.Runs}
	defer b.ws.Close()
	side := plan.Resolution()
	b.in = tensor.New(tensor.Shape{N: o.Batch, H: side, W: side, C: 3})
	copy(b.in.Data, model.Stream("input", 1, len(b.in.Data)))
	if err := b.measure(ctx, o.Layers); err != nil {
		return err
	}
	r := b.result(set.PeakFLOPS(threads)/1e9, o.Layers)
	r.Schema, r.Model, r.Precision, r.Version = report.SchemaName, name, o.Precision, versionString()
	r.Threads, r.Batch, r.Tier, r.Input = threads, o.Batch, string(set.Tier), side
	if o.Format == "json" {
		return writeJSON(s.Out, r)
	}
	return written(s.Out.Write(r.table(before, columns(s.Out) > 0 && colorful())))
}

// earlier reads the result to compare with, nil where there is none.
func (o BenchOptions) earlier() (*benchResult, error) {
	if o.Compare == "" {
		return nil, nil
	}
	wrong := func(err error) (*benchResult, error) {
		return nil, usage(fmt.Errorf("--compare %s: %w", strconv.Quote(o.Compare), err))
	}
	f, err := os.Open(o.Compare)
	if err != nil {
		return wrong(reasonOf(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLabels))
	if err != nil {
		return wrong(reasonOf(err))
	}
	r := &benchResult{}
	if err := json.Unmarshal(text, r); err != nil || r.Schema != report.SchemaName || !(r.Latency.P50 > 0) {
		return wrong(errors.New("is no result of effnet bench -f json"))
	}
	return r, nil
}

// plan compiles the model, or a variant with random weights.
func (o BenchOptions) plan(set *kernels.Set) (string, *model.Plan, error) {
	if !o.Random {
		m, err := openModel(o.Model, classify.Options{Variant: o.Variant, Resolution: o.Resolution, Resolve: resolveModel})
		if err != nil {
			return "", nil, err
		}
		return m.Info().Name, m.Plan(), nil
	}
	v, err := model.Lookup(o.Model)
	if err != nil {
		return "", nil, usage(err)
	}
	p := profile.ImageNet(v.Resolution)
	if o.Resolution != 0 {
		p.Resolution = o.Resolution
	}
	plan, err := model.Compile(v, p, model.Random(v.ParamSpecs(1000), 1), set)
	return v.Name, plan, err
}

// bencher runs a plan often and keeps the times.
type bencher struct {
	plan *model.Plan
	ws   *model.Workspace
	in   *tensor.Tensor
	runs int

	times  []time.Duration   // of a batch
	layers [][]time.Duration // of a batch, by operation
}

// measure runs until there is enough. With layers every other run is by the clock of
// operations, so that the clock costs the whole nothing.
func (b *bencher) measure(ctx context.Context, layers bool) error {
	b.layers = make([][]time.Duration, len(b.plan.Operations()))
	begin := time.Now()
	for n := -benchWarmUp; b.more(time.Since(begin)); n++ {
		if ctx.Err() != nil {
			return &exitError{exitInterrupted, errors.New("interrupted")}
		}
		took, err := b.run()
		if err != nil {
			return err
		}
		if n < 0 {
			begin = time.Now()
			continue
		}
		b.times = append(b.times, took)
		if layers {
			if err := b.runByLayers(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bencher) more(took time.Duration) bool {
	n := len(b.times)
	if b.runs > 0 {
		return n < b.runs
	}
	return n < benchLeastRuns || took < benchFor
}

func (b *bencher) run() (time.Duration, error) {
	start := time.Now()
	_, err := b.plan.Run(b.ws, b.in)
	return time.Since(start), err
}

func (b *bencher) runByLayers() error {
	sums := make([]time.Duration, len(b.layers))
	b.ws.Clock(func(i int, took time.Duration) { sums[i] += took })
	defer b.ws.Clock(nil)
	if _, err := b.run(); err != nil {
		return err
	}
	for i, took := range sums {
		b.layers[i] = append(b.layers[i], took)
	}
	return nil
}

// result works the figures out; peak is in GFLOPS.
func (b *bencher) result(peak float64, layers bool) benchResult {
	slices.Sort(b.times)
	p50 := percentile(b.times, 0.5)
	batch := int64(b.in.Shape.N)
	r := benchResult{
		Runs:    len(b.times),
		Latency: benchLatency{millis(b.times[0]), millis(p50), millis(percentile(b.times, 0.9)), millis(percentile(b.times, 0.99))},
		Images:  rounded(float64(batch) / p50.Seconds()),
		Peak:    rounded(peak),
	}
	operations := b.plan.Operations()
	macs, total := int64(0), time.Duration(0)
	for i, op := range operations {
		macs += op.MACs
		if layers {
			slices.Sort(b.layers[i])
			total += percentile(b.layers[i], 0.5)
		}
	}
	speed := gflops(macs*batch, p50)
	r.GFLOPS, r.Share = rounded(speed), rounded(speed/peak)
	if !layers {
		return r
	}
	for i, op := range operations {
		took := percentile(b.layers[i], 0.5)
		l := benchLayer{
			Name: op.Name, Kernels: op.Kernels, Time: millis(took), TimeShare: rounded(took.Seconds() / total.Seconds()),
			GFLOPS: rounded(gflops(op.MACs*batch, took)), PeakShare: rounded(gflops(op.MACs*batch, took) / peak), Bytes: op.Bytes * batch,
		}
		for _, s := range op.Steps {
			l.Steps = append(l.Steps, s.Name)
		}
		r.Layers = append(r.Layers, l)
	}
	return r
}

// percentile is the smallest of sorted times that a share of them does not exceed.
func percentile(sorted []time.Duration, share float64) time.Duration {
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[max(i, 0)]
}

func gflops(macs int64, took time.Duration) float64 {
	return 2 * float64(macs) / float64(max(took.Nanoseconds(), 1))
}

func millis(d time.Duration) float64 { return rounded(float64(d) / float64(time.Millisecond)) }

// rounded keeps four digits: more would be noise.
func rounded(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	return y
}
