package classify

import "time"

// Result is what a model says of one picture.
type Result struct {
	Format        string // jpeg, png, gif, webp, bmp or tiff; empty for an image.Image
	Width, Height int    // pixels, after EXIF orientation
	Damaged       bool   // only parts could be decoded (Options.Lenient)
	Predictions   []Prediction
	Logits        []float32 // [classes]
	Temperature   float64   // what logits are divided by before the softmax; 0 stands for 1
	Embedding     []float32 // [Features], see Model.Embed; nil unless Options.Embedding or EmbedBatch asked for it
	Timing        Timing
}

// Prediction is one class and how likely it is.
type Prediction struct {
	Rank        int // from 1, among all classes
	Index       int // of the output
	WNID        string
	Label       string
	Probability float64 // softmax over all classes of logits by temperature; sigmoid of a single output
	Logit       float32
}

// Timing is the time that one picture took. Of a batch, Model is an equal
// share of the whole run. Total includes what lies between the parts; of a
// result from the cache there is nothing else.
type Timing struct {
	Decode, Resize, Model, Total time.Duration

	Scale int // what Decode depends on: the picture was decoded at 1/Scale of its size, 1, 2, 4 or 8
}
