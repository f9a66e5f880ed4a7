// Package classify labels pictures with the EfficientNet family. It is the
// package that another Go program imports:
//
//	m, err := classify.Open("", classify.Options{Top: 3}) // the model inside
//	if err != nil {
//		return err
//	}
//	r, err := m.Bytes(ctx, jpeg)
//	if err != nil {
//		return err
//	}
//	fmt.Println(r.Predictions[0].Label, r.Predictions[0].Probability)
//
// A Model is safe for concurrent use: its methods run on one thread each, at
// most Options.Threads of them at once, so many goroutines may share it. A
// program that wants one picture as soon as possible, or batches, takes a
// Session with as many threads as it likes; a Session belongs to one goroutine.
//
// Errors of Open are a *ModelError (the model or its weights were refused) or
// a *UsageError (an option or a name makes no sense). Errors of a picture are
// an *Error, whose Kind says what went wrong, or the context's own.
package classify
