package evaluate

import "testing"

func BenchmarkAddOfAThousandClasses(b *testing.B) {
	tally, err := New(letters(1000), Options{})
	if err != nil {
		b.Fatal(err)
	}
	logits := make([]float32, 1000)
	for i := range logits {
		logits[i] = float32(i%37) / 5
	}
	for b.Loop() {
		if _, err := tally.Add("x", []int{3}, logits); err != nil {
			b.Fatal(err)
		}
	}
}
