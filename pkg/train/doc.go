// Package train fits a network to one's own classes.
//
// Scan makes a Dataset of a folder. Extract computes what the frozen network sees
// in its pictures, FitHead fits a classifier to that, and Finish makes of either
// kind of training a model that weights.Write writes. Augment varies pictures.
//
// What is more than a head is trained as the end of the network: the last
// blocks, the head convolution and the classifier, in float32, with batch norm
// frozen.
//
// A Tail holds what is trained and computes its gradients; an AdamW changes the
// weights by them, at the rate that a Schedule says; an Average remembers their
// running mean. What comes before the tail is an ordinary plan of
// model.CompileUntil.
//
// The same seed and the same batches give the same bits for any number of
// threads on one tier: sums are cut into fixed pieces, and pieces are added in
// a fixed order.
package train
