package train

import "time"

// saveEvery is how often a checkpoint is written within an epoch.
const saveEvery = time.Minute

// clock measures the speed of an epoch.
type clock struct {
	began    time.Time
	pictures int
}

func (c *clock) start() { *c = clock{began: time.Now()} }

// rate is pictures a second.
func (c *clock) rate() float64 {
	if took := time.Since(c.began).Seconds(); took > 0 {
		return float64(c.pictures) / took
	}
	return 0
}

// tellStep tells of the step that is done.
func (t *tuner) tellStep(s Score) {
	p := &t.progress
	done := p.Epoch*t.feed.batches() + p.Batch
	e := Event{
		Kind: Stepped, Epoch: p.Epoch + 1, Epochs: t.o.Epochs, Step: done, Steps: t.schedule.Steps,
		Training: s, Rate: p.Running.Rate, PicturesPerSecond: t.clock.rate(),
	}
	if e.PicturesPerSecond > 0 {
		pictures := (t.o.Epochs-p.Epoch)*len(t.dataset.Training) - p.Running.Pictures
		e.Left = time.Duration(float64(pictures) / e.PicturesPerSecond * float64(time.Second))
	}
	t.tell(e)
}
