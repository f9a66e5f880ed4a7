package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
)

// folderResult is what effnet bench --end-to-end prints with -f json.
type folderResult struct {
	Schema    string      `json:"schema"`
	Model     string      `json:"model"`
	Precision string      `json:"precision"`
	Threads   int         `json:"threads"`
	Batch     int         `json:"batch"`
	Tier      string      `json:"tier"`
	Version   string      `json:"version"`
	Count     int         `json:"images"`
	Errors    int         `json:"errors"`
	Seconds   float64     `json:"seconds"`
	Images    float64     `json:"images_per_second"`
	Share     folderShare `json:"share"`
}

// folderShare is how the time that workers were busy is parted.
type folderShare struct {
	Decode float64 `json:"decode"`
	Resize float64 `json:"resize"`
	Model  float64 `json:"model"`
	Other  float64 `json:"other"`
}

// benchFolder classifies a folder as effnet classify does, and adds the times up.
func benchFolder(ctx context.Context, s Streams, o BenchOptions, threads int) error {
	if info, err := os.Stat(o.Folder); err != nil || !info.IsDir() {
		return usage(fmt.Errorf("--end-to-end %s: is no folder", strconv.Quote(o.Folder)))
	}
	m, err := openModel(o.Model, classify.Options{
		Variant: o.Variant, Resolution: o.Resolution, Threads: o.Threads, Resolve: resolveModel,
	})
	if err != nil {
		return err
	}
	limitMemory()
	src, err := source.Open(source.Options{Args: []string{o.Folder}})
	if err != nil {
		return usage(err)
	}
	var sum classify.Timing
	r := folderResult{
		Schema: report.SchemaName, Model: m.Info().Name, Precision: o.Precision, Threads: threads, Batch: o.Batch,
		Tier: m.Info().Tier, Version: versionString(),
	}
	p := &pipeline{
		open: func(n int) session { return m.Session(n) }, threads: threads, batch: o.Batch, peek: true,
		emit: func(rec report.Record) error {
			if r.Count++; rec.Err != nil {
				r.Errors++
				newConsole(s.Err).about(rec.Path, rec.Err.Error())
				return nil
			}
			t := rec.Result.Timing
			sum.Decode, sum.Resize, sum.Model, sum.Total = sum.Decode+t.Decode, sum.Resize+t.Resize, sum.Model+t.Model, sum.Total+t.Total
			return nil
		},
	}
	start := time.Now()
	if err := p.run(ctx, src.All(), func() error { return nil }); err != nil {
		return usage(fmt.Errorf("%s: %w", strconv.Quote(o.Folder), err))
	}
	if ctx.Err() != nil {
		return &exitError{exitInterrupted, errors.New("interrupted")}
	}
	r.finish(time.Since(start), sum)
	if o.Format == "json" {
		err = writeJSON(s.Out, r)
	} else {
		err = written(s.Out.Write(r.table(columns(s.Out) > 0 && colorful())))
	}
	if err == nil && r.Errors > 0 {
		err = &exitError{code: exitInputs}
	}
	return err
}

func (r *folderResult) finish(took time.Duration, sum classify.Timing) {
	r.Seconds = rounded(took.Seconds())
	r.Images = rounded(float64(r.Count) / took.Seconds())
	if sum.Total == 0 {
		return
	}
	share := func(d time.Duration) float64 { return rounded(float64(d) / float64(sum.Total)) }
	r.Share = folderShare{share(sum.Decode), share(sum.Resize), share(sum.Model), share(sum.Total - sum.Decode - sum.Resize - sum.Model)}
}

func (r *folderResult) table(color bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n", paint(color, bold, report.Quote(r.Model)))
	g := &grid{align: "lr", color: color}
	g.add(plain, "images", fmt.Sprint(r.Count))
	g.add(plain, "failed", fmt.Sprint(r.Errors))
	g.add(plain, "seconds", threeDigits(r.Seconds))
	g.add(plain, "images a second", threeDigits(r.Images))
	g.add(plain, "decode", percent(r.Share.Decode))
	g.add(plain, "resize", percent(r.Share.Resize))
	g.add(plain, "model", percent(r.Share.Model))
	g.add(plain, "other", percent(r.Share.Other))
	g.writeTo(&b)
	return b.Bytes()
}
