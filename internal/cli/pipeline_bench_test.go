package cli

import (
	"context"
	"io"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
)

// idle is a session whose decoding and network take no time.
type idle struct{ result *classify.Result }

func (idle) Close() {}

func (s idle) Batch(_ context.Context, pictures [][]byte) []classify.Outcome {
	out := make([]classify.Outcome, len(pictures))
	for i := range out {
		out[i].Result = s.result
	}
	return out
}

// BenchmarkOverhead times what a picture costs beyond decoding and network: finding and
// reading the file, going through the pipeline, and its record with five labels.
func BenchmarkOverhead(b *testing.B) {
	const pictures = 1000
	dir := filepath.Join(b.TempDir(), "in")
	drawPictures(b, dir, pictures)
	r := &classify.Result{Format: "png", Width: 8, Height: 8}
	for i := range 5 {
		r.Predictions = append(r.Predictions, classify.Prediction{Rank: i + 1, Index: i, Label: "label " + strconv.Itoa(i)})
	}
	for b.Loop() {
		src, err := source.Open(source.Options{Args: []string{dir}})
		if err != nil {
			b.Fatal(err)
		}
		w := report.New("jsonl", io.Discard, report.Style{Model: "m", Precision: "f32"})
		p := &pipeline{
			threads: 1, batch: 1, open: func(int) session { return idle{r} }, emit: w.Write,
		}
		if err := p.run(b.Context(), src.All(), func() error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/pictures, "µs/picture")
}
