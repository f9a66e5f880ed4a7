package model_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// lazily makes parameters that are loaded where they are used.
func lazily(params model.Params) model.Params {
	lazy := model.Params{}
	for name, p := range params {
		lazy[name] = model.Param{Shape: p.Shape, Load: func() ([]float32, error) { return p.Data, nil }}
	}
	return lazy
}

func TestLoadedParametersGiveTheSame(t *testing.T) {
	v := variant(t, "d0.2,w0.1,r64")
	params := model.Random(v.ParamSpecs(5), 1)
	prof, set, in := profile.ImageNet(64), kernels.Sets()[0], seededInput(64)
	want := run(t, compile(t, v, prof, params, set), 1, in)
	if got := run(t, compile(t, v, prof, lazily(params), set), 1, in); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestLoadedParametersAreRefused(t *testing.T) {
	v := variant(t, "d0.2,w0.1,r64")
	for want, load := range map[string]func() ([]float32, error){
		`tensor "stem.norm.variance": no more`:                  func() ([]float32, error) { return nil, errors.New("no more") },
		`tensor "stem.norm.variance" has 3 values, expected 8`:  func() ([]float32, error) { return make([]float32, 3), nil },
		`tensor "stem.norm.variance" holds NaN or Inf`:          func() ([]float32, error) { return []float32{7: float32(math.NaN())}, nil },
		`tensor "stem.norm.variance" holds a negative variance`: func() ([]float32, error) { return []float32{7: -1}, nil },
	} {
		params := lazily(model.Random(v.ParamSpecs(5), 1))
		params["stem.norm.variance"] = model.Param{Shape: []int{8}, Load: load}
		_, err := model.Compile(v, profile.ImageNet(64), params, kernels.Sets()[0])
		var refused *model.ParamsError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
