package cli

import (
	"encoding/json"
	"errors"
	"math"
	"os"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/train"
)

// trainLog writes an object a line for each event, at once, so that others can
// follow. After a failure it writes nothing more.
type trainLog struct {
	file *os.File
	err  error
}

// openTrainLog begins a log, or appends to it.
func openTrainLog(path string, resume bool) (*trainLog, error) {
	flag := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if resume {
		flag = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	f, err := os.OpenFile(path, flag, 0o666)
	return &trainLog{file: f}, err
}

func (l *trainLog) close() error { return errors.Join(l.err, l.file.Close()) }

// logRecord is a line of the log; which fields it has depends on the event.
type logRecord struct {
	Schema   string     `json:"schema"`
	Event    string     `json:"event"`
	Classes  []string   `json:"classes,omitempty"`
	Pictures *sideCount `json:"pictures,omitempty"`
	Path     string     `json:"path,omitempty"`
	Same     string     `json:"same_as,omitempty"`
	Error    *logError  `json:"error,omitempty"`

	Epoch       int     `json:"epoch,omitempty"`
	Epochs      int     `json:"epochs,omitempty"`
	Step        int     `json:"step,omitempty"`
	Steps       int     `json:"steps,omitempty"`
	Penalty     *figure `json:"penalty,omitempty"`
	Loss        *figure `json:"loss,omitempty"`
	Accuracy    *figure `json:"accuracy,omitempty"`
	ValLoss     *figure `json:"val_loss,omitempty"`
	ValAccuracy *figure `json:"val_accuracy,omitempty"`
	Rate        *figure `json:"lr,omitempty"`
	Best        bool    `json:"best,omitempty"`
	Speed       *figure `json:"images_per_second,omitempty"`
}

type sideCount struct {
	Training   int `json:"training"`
	Validation int `json:"validation"`
}

type logError struct {
	Kind    classify.Kind `json:"kind,omitempty"`
	Message string        `json:"message"`
}

// figure is null in JSON where it is none.
type figure float64

func (n figure) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

func numberOf(v float64, is bool) *figure {
	if !is {
		return nil
	}
	n := figure(v)
	return &n
}

// events are the words of the log; others are left out.
var events = map[train.Kind]string{
	train.Scanned: "data", train.Skipped: "skipped", train.Fitted: "head", train.Resumed: "resume", train.Started: "start",
	train.Stepped: "step", train.Ended: "epoch", train.Note: "note",
}

func (l *trainLog) event(e train.Event) {
	word, ok := events[e.Kind]
	if !ok {
		return
	}
	rec := logRecord{
		Schema: report.SchemaName, Event: word, Path: e.Path, Epoch: e.Epoch, Epochs: e.Epochs, Step: e.Step, Steps: e.Steps,
		Rate: numberOf(e.Rate, e.Rate > 0), Best: e.Best, Speed: numberOf(e.PicturesPerSecond, e.PicturesPerSecond > 0),
	}
	if e.Head != nil {
		rec.Penalty = numberOf(e.Head.Penalty, true)
	}
	rec.Loss, rec.Accuracy = scoreNumbers(e.Training)
	rec.ValLoss, rec.ValAccuracy = scoreNumbers(e.Validation)
	if e.Err != nil {
		rec.Error = &logError{Message: e.Err.Error()}
		var wrong *classify.Error
		if errors.As(e.Err, &wrong) {
			rec.Error.Kind = wrong.Kind
		}
	}
	if d := e.Dataset; d != nil {
		rec.Classes, rec.Pictures = d.Classes, &sideCount{len(d.Training), len(d.Validation)}
	}
	l.write(rec)
	if e.Dataset != nil {
		for _, leak := range e.Dataset.Leaks {
			l.write(logRecord{Schema: report.SchemaName, Event: "leak", Path: leak.Validation, Same: leak.Training})
		}
	}
}

func scoreNumbers(s train.Score) (loss, accuracy *figure) {
	return numberOf(s.Loss, s.Pictures > 0), numberOf(s.Accuracy, s.Pictures > 0)
}

func (l *trainLog) write(rec logRecord) {
	if l.err != nil {
		return
	}
	line, err := json.Marshal(rec)
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	l.err = err
}
