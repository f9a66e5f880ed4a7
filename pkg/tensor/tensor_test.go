package tensor

import "testing"

func TestShape(t *testing.T) {
	tests := []struct {
		shape Shape
		len   int
		text  string
	}{
		{Shape{1, 224, 224, 3}, 150528, "1×224×224×3"},
		{Shape{8, 7, 5, 320}, 89600, "8×7×5×320"},
		{Shape{0, 224, 224, 3}, 0, "0×224×224×3"},
		{Shape{}, 0, "0×0×0×0"},
	}
	for _, tt := range tests {
		if got := tt.shape.Len(); got != tt.len {
			t.Errorf("%v.Len() = %d, want %d", tt.shape, got, tt.len)
		}
		if got := tt.shape.String(); got != tt.text {
			t.Errorf("String() = %q, want %q", got, tt.text)
		}
	}
}

func TestNew(t *testing.T) {
	s := Shape{2, 3, 4, 5}
	x := New(s)
	if x.Shape != s || len(x.Data) != 120 {
		t.Fatalf("New(%v) has shape %v and %d elements", s, x.Shape, len(x.Data))
	}
	for i, v := range x.Data {
		if v != 0 {
			t.Fatalf("element %d is %g, want 0", i, v)
		}
	}
}

func TestNewRefusesNegative(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New with two negative extents did not panic")
		}
	}()
	New(Shape{1, -2, -2, 1})
}
