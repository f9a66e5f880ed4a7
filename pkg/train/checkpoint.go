package train

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/effnet/effnet/pkg/model"
)

// CheckpointError is why a checkpoint cannot be gone on from: it is damaged, or
// of other data or options.
type CheckpointError struct {
	Path string
	Err  error
}

func (e *CheckpointError) Error() string { return fmt.Sprintf("%q: %s", e.Path, e.Err) }

// Unwrap gives the cause.
func (e *CheckpointError) Unwrap() error { return e.Err }

// checkpoint writes where the run is. A failure is told of, and the run goes on.
func (t *tuner) checkpoint() {
	t.saved = time.Now()
	if t.o.Checkpoint == "" {
		return
	}
	c := &checkpoint{recipe: t.recipe, progress: t.progress, sections: t.sections()}
	if err := replaceFile(t.o.Checkpoint, c.write); err != nil {
		t.tell(Event{Kind: Note, Err: fmt.Errorf("no checkpoint: %q: %s", t.o.Checkpoint, reasonOf(err))})
	}
}

// bestPrefix stands before the names of the best weights.
const bestPrefix = "best."

// sections are the states whose tensors a checkpoint has, in their order.
func (t *tuner) sections() []model.Params {
	best := model.Params{}
	for name, p := range t.best {
		best[bestPrefix+name] = p
	}
	all := []model.Params{t.tail.State(), t.optimiser.State(), best}
	if t.average != nil {
		all = append(all, t.average.State())
	}
	return all
}

// resume goes on from the checkpoint, and tells whether there was one.
func (t *tuner) resume() (bool, error) {
	t.best = t.tail.State() // so that sections has its names
	f, err := os.Open(t.o.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) || t.o.Checkpoint == "" {
		return false, nil
	}
	if err == nil {
		defer f.Close()
		err = t.restore(f)
	}
	if err != nil {
		return false, &CheckpointError{t.o.Checkpoint, errors.New(reasonOf(err))}
	}
	return true, nil
}

// restore takes up what write has written, or changes nothing but tensors.
func (t *tuner) restore(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sections := t.sections()
	if limit := checkpointLimit(sections); !info.Mode().IsRegular() || info.Size() > limit {
		return errors.New("is no checkpoint of this run")
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	c, err := parseCheckpoint(data)
	if err != nil {
		return err
	}
	if err := sameRecipe(c.recipe, t.recipe); err != nil {
		return err
	}
	batches := (len(t.dataset.Training) + t.o.Batch - 1) / t.o.Batch
	if err := c.progress.check(t.o.Epochs, batches); err != nil {
		return err
	}
	tensors := c.sections[0]
	best := model.Params{}
	for name := range t.best {
		best[name] = tensors[bestPrefix+name]
	}
	// The tail reads the best weights first, since it knows their shapes.
	if err := t.tail.SetState(best); err != nil {
		return fmt.Errorf("the best weights: %w", err)
	}
	t.best = t.tail.State()
	for _, set := range []func(model.Params) error{t.tail.SetState, t.optimiser.SetState} {
		if err := set(tensors); err != nil {
			return err
		}
	}
	if t.average != nil {
		if err := t.average.SetState(tensors); err != nil {
			return err
		}
	}
	t.progress = c.progress
	return nil
}

// replaceFile writes a file beside path and gives it its name when it is whole.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
