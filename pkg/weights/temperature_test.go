package weights

import (
	"bytes"
	"math"
	"testing"
)

func TestTemperatureIsKept(t *testing.T) {
	for _, want := range []float64{0, 1, 1.3127000000000002, MinTemperature, MaxTemperature} {
		m := smallModel()
		m.Temperature = want
		var b bytes.Buffer
		if err := Write(&b, m); err != nil {
			t.Fatal(err)
		}
		got, err := Read(b.Bytes())
		if err != nil || got.Temperature != want {
			t.Errorf("wrote %v, read %v, %v", want, got.Temperature, err)
		}
	}
}

func TestTemperatureIsRefused(t *testing.T) {
	for _, bad := range []float64{-1, 0.001, 1e9, math.Inf(1), math.NaN()} {
		m := smallModel()
		m.Temperature = bad
		if err := Write(&bytes.Buffer{}, m); err == nil {
			t.Errorf("%v was written", bad)
		}
	}
	for _, text := range []string{"", "0", "-0", "-1", "1e9", "nan", "inf", "warm", "1,5"} {
		meta, tensors := parts(t)
		meta[keyTemperature] = text
		if m, err := Read(encode(t, meta, tensors)); err == nil {
			t.Errorf("%q was read as %v", text, m.Temperature)
		}
	}
}
