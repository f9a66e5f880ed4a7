package train

import "time"

// Kind says what an Event is about.
type Kind string

// The kinds of events, in the order in which a run has them. Skipped, Note and
// Resumed come where there is something to tell.
const (
	Scanned    Kind = "scanned"    // Dataset is known
	Skipped    Kind = "skipped"    // Path cannot be used, Err says why
	Extracting Kind = "extracting" // Done of Total pictures have features
	Fitted     Kind = "fitted"     // Head has been fitted
	Resumed    Kind = "resumed"    // from a checkpoint, at Epoch and Step
	Started    Kind = "started"    // epochs begin; Validation is the head's
	Stepped    Kind = "stepped"    // Step of Steps is done
	Ended      Kind = "ended"      // Epoch of Epochs is done
	Note       Kind = "note"       // Err is something that the run goes on without
)

// Event is what a run tells while it goes on. A field that the kind does not
// name is zero.
type Event struct {
	Kind    Kind
	Dataset *Dataset
	Path    string
	Err     error

	Done, Total int
	Head        *Head

	Epoch, Epochs int // from 1
	Step, Steps   int // of all epochs, from 1
	// Training is of the batch after a step, and of the epoch at its end: the
	// loss with smoothed labels and class weights, of varied pictures.
	Training   Score
	Validation Score
	Rate       float64 // of learning
	Best       bool    // no earlier epoch was better
	// PicturesPerSecond is the speed of the epoch so far, without validation.
	PicturesPerSecond float64
	Left              time.Duration // for all epochs at this speed; 0: not known
}
