package near

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	names := []string{"tabby", "tabby cat", "golden retriever", "Labrador retriever", "tiger", "tiger cat", "b0", "b1", "lite0", "tabby"}
	tests := []struct {
		word string
		want []string
	}{
		{"tabbi", []string{"tabby"}},
		{"TABBY", []string{"tabby", "tabby cat"}},
		{"golden retreiver", []string{"golden retriever"}},
		{"retriever", []string{"golden retriever", "Labrador retriever"}},
		{"cat", []string{"tabby cat", "tiger cat"}},
		{"b9", []string{"b0", "b1"}},
		{"lite-0", []string{"lite0"}},
		{"aeroplane", nil},
		{"tabs", []string{"tabby"}},
		{"liteXY", []string{"lite0"}},
		{"", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Names(tt.word, names)); diff != "" {
			t.Errorf("%q: %s", tt.word, diff)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0},
		{"abcdefgh", "a", 6},
	} {
		if got := editDistance(tt.a, tt.b, 5); got != tt.want {
			t.Errorf("%q, %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
