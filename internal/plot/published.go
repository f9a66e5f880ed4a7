package plot

// published is an accuracy of the paper: ImageNet top-1 of a single crop in
// percent, and billions of multiply-adds.
type published struct {
	name        string
	gmacs, top1 float64
}

// family is table 2 of "EfficientNet: Rethinking Model Scaling for
// Convolutional Neural Networks" (Tan and Le, arXiv 1905.11946, version 5).
var family = []published{
	{"B0", 0.39, 77.1}, {"B1", 0.70, 79.1}, {"B2", 1.0, 80.1}, {"B3", 1.8, 81.6},
	{"B4", 4.2, 82.9}, {"B5", 9.9, 83.6}, {"B6", 19, 84.0}, {"B7", 37, 84.3},
}

// scaledB0 is table 7 of the same paper: B0 scaled in each way, trained alike.
var scaledB0 = map[Way]published{
	Compound:   {"d=1.4, w=1.2, r=1.3", 1.8, 81.1},
	Depth:      {"d=4", 1.8, 79.0},
	Width:      {"w=2", 1.8, 78.9},
	Resolution: {"r=2", 1.9, 79.1},
}
