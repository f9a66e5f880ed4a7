package report

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/pkg/classify"
)

// entry is a record read back, with what it tells of the style that it was written in.
type entry struct {
	Record
	model, precision string // precision is empty where the input failed
	engine           *Engine
	logits, timing   bool
	body             Body
}

type wireRecord struct {
	Schema    string  `json:"schema"`
	Path      *string `json:"path"`
	PathB64   *string `json:"path_b64"`
	Model     string  `json:"model"`
	Precision string  `json:"precision"`
	Error     *struct {
		Kind    classify.Kind `json:"kind"`
		Message string        `json:"message"`
	} `json:"error"`
	Image *struct {
		Format string `json:"format"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	} `json:"image"`
	Damaged     bool              `json:"damaged"`
	Predictions *[]wirePrediction `json:"predictions"`
	Embedding   *[]float32        `json:"embedding"`
	Timing      *struct {
		Decode float64 `json:"decode"`
		Resize float64 `json:"resize"`
		Model  float64 `json:"model"`
		Total  float64 `json:"total"`
	} `json:"timing_ms"`
	Scale  *string `json:"scale"`
	Engine *struct {
		Version     string `json:"version"`
		Tier        string `json:"tier"`
		ModelSHA256 string `json:"model_sha256"`
	} `json:"engine"`
	Check *struct {
		Passed bool `json:"passed"`
		Rules  []struct {
			Rule   string `json:"rule"`
			Name   string `json:"name"`
			Want   string `json:"want"`
			Got    string `json:"got"`
			Passed bool   `json:"passed"`
		} `json:"rules"`
	} `json:"check"`
}

type wirePrediction struct {
	Rank        int      `json:"rank"`
	Index       int      `json:"index"`
	WNID        string   `json:"wnid"`
	Label       string   `json:"label"`
	Probability float64  `json:"probability"`
	Logit       *float32 `json:"logit"`
}

// decodeJSON reads one record. What it gives is written as the same bytes in the style
// that they were written in.
func decodeJSON(line []byte) (*entry, error) {
	var w wireRecord
	if err := json.Unmarshal(line, &w); err != nil {
		return nil, fmt.Errorf("no record: %w", err)
	}
	switch {
	case w.Schema != SchemaName:
		return nil, fmt.Errorf("no record of the schema %q, but of %q", SchemaName, w.Schema)
	case w.Path == nil:
		return nil, errors.New("a record without path")
	case (w.Error == nil) == (w.Predictions == nil && w.Embedding == nil) || w.Predictions != nil && w.Embedding != nil:
		return nil, errors.New("a record with neither predictions, an embedding nor an error, or with several of them")
	}
	e := &entry{model: w.Model, precision: w.Precision}
	e.Path = *w.Path
	if w.PathB64 != nil {
		path, err := base64.StdEncoding.Strict().DecodeString(*w.PathB64)
		if err != nil {
			return nil, fmt.Errorf("path_b64: %w", err)
		}
		e.Path = string(path)
	}
	if w.Error != nil {
		if !knownKind(w.Error.Kind) {
			return nil, fmt.Errorf("unknown kind of error %q", w.Error.Kind)
		}
		e.Err = &classify.Error{Kind: w.Error.Kind, Err: errors.New(w.Error.Message)}
		return e, nil
	}
	return e, w.resultInto(e)
}

func (w *wireRecord) resultInto(e *entry) error {
	r := &classify.Result{Damaged: w.Damaged}
	e.Result = r
	if w.Embedding != nil {
		e.body, r.Embedding = Embedding, *w.Embedding
		return w.extrasInto(e)
	}
	if m := w.Image; m == nil || m.Width < 0 || m.Height < 0 || m.Width > math.MaxInt32 || m.Height > math.MaxInt32 {
		return errors.New("a record without the size of its image")
	}
	r.Format, r.Width, r.Height = w.Image.Format, w.Image.Width, w.Image.Height
	for i := range *w.Predictions {
		p := &(*w.Predictions)[i]
		one := classify.Prediction{Rank: p.Rank, Index: p.Index, WNID: p.WNID, Label: p.Label, Probability: p.Probability}
		if p.Logit != nil {
			one.Logit, e.logits = *p.Logit, true
		}
		if err := checkPrediction(&one); err != nil {
			return err
		}
		r.Predictions = append(r.Predictions, one)
	}
	return w.extrasInto(e)
}

// extrasInto takes what was asked for besides the result.
func (w *wireRecord) extrasInto(e *entry) error {
	r := e.Result
	if t := w.Timing; t != nil {
		e.timing = true
		err := errors.Join(setMillis(&r.Timing.Decode, t.Decode), setMillis(&r.Timing.Resize, t.Resize),
			setMillis(&r.Timing.Model, t.Model), setMillis(&r.Timing.Total, t.Total))
		if err != nil {
			return err
		}
	}
	if w.Scale != nil {
		var err error
		if r.Timing.Scale, err = parseScale(*w.Scale); err != nil {
			return err
		}
	}
	if g := w.Engine; g != nil {
		e.engine = &Engine{Version: g.Version, Tier: g.Tier, ModelSHA256: g.ModelSHA256}
	}
	if c := w.Check; c != nil {
		e.Check = &check.Verdict{Passed: c.Passed}
		for _, rule := range c.Rules {
			e.Check.Results = append(e.Check.Results, check.Result{
				Name: rule.Name, Rule: rule.Rule, Want: rule.Want, Got: rule.Got, Passed: rule.Passed,
			})
		}
	}
	return nil
}

func knownKind(k classify.Kind) bool {
	switch k {
	case classify.KindRead, classify.KindFormat, classify.KindDecode, classify.KindLimit, classify.KindModel, classify.KindInternal:
		return true
	}
	return false
}

func checkPrediction(p *classify.Prediction) error {
	if p.Rank < 1 || p.Index < 0 || p.Rank > math.MaxInt32 || p.Index > math.MaxInt32 || !(p.Probability >= 0 && p.Probability <= 1) {
		return fmt.Errorf("no prediction: rank %d, index %d, probability %v", p.Rank, p.Index, p.Probability)
	}
	return nil
}

// setMillis takes milliseconds of three decimals, for as long as float64 holds every
// nanosecond.
func setMillis(d *time.Duration, ms float64) error {
	const month = 30 * 24 * 3600 * 1e3
	if !(math.Abs(ms) <= month) {
		return fmt.Errorf("no time: %v ms", ms)
	}
	*d = time.Duration(math.Round(ms*1e3)) * time.Microsecond
	return nil
}
