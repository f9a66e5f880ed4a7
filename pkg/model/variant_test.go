package model

import (
	"testing"

	"github.com/effnet/effnet/internal/cpu"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/profile"
)

func TestLookup(t *testing.T) {
	for _, name := range []string{"lite0", "efficientnet-lite0"} {
		if v, err := Lookup(name); err != nil || v.Name != "efficientnet-lite0" {
			t.Errorf("%q gives %v, %v", name, v.Name, err)
		}
	}
	if _, err := Lookup("b9"); err == nil {
		t.Error("b9 exists")
	}
	for _, v := range Variants() {
		if _, err := Lookup(v.Name); err != nil {
			t.Error(err)
		}
	}
}

// Names, stems and ends of the scaled Lite variants as the TPU reference
// implementation has them.
func TestLiteKeepsItsEnds(t *testing.T) {
	v, err := Lookup("lite4")
	if err != nil {
		t.Fatal(err)
	}
	if v.StemChannels() != 32 || v.HeadChannels() != 1280 {
		t.Errorf("stem %d, head %d", v.StemChannels(), v.HeadChannels())
	}
	layers := map[int]int{}
	for _, b := range v.Blocks() {
		layers[b.Stage]++
		if b.SEChannels != 0 {
			t.Errorf("%s squeezes", b.Name())
		}
	}
	for stage, want := range []int{1, 4, 4, 6, 6, 8, 1} {
		if layers[stage] != want {
			t.Errorf("stage %d has %d layers, want %d", stage, layers[stage], want)
		}
	}
}

func TestPad(t *testing.T) {
	for _, c := range []struct {
		padding           profile.Padding
		n, kernel, stride int
		before, out       int
	}{
		{profile.Same, 224, 3, 2, 0, 112}, {profile.Same, 225, 3, 2, 1, 113},
		{profile.Same, 56, 5, 2, 1, 28}, {profile.Same, 7, 5, 1, 2, 7}, {profile.Same, 1, 3, 2, 1, 1},
		{profile.Symmetric, 224, 3, 2, 1, 112}, {profile.Symmetric, 225, 3, 2, 1, 113},
		{profile.Symmetric, 56, 5, 2, 2, 28}, {profile.Symmetric, 1, 5, 2, 2, 1},
	} {
		if before, out := pad(c.padding, c.n, c.kernel, c.stride); before != c.before || out != c.out {
			t.Errorf("%s, %d pixels, kernel %d, stride %d: %d before and %d out, want %d and %d",
				c.padding, c.n, c.kernel, c.stride, before, out, c.before, c.out)
		}
	}
}

func TestBuffersThatLiveTogetherDoNotMeet(t *testing.T) {
	v, err := Lookup("b0")
	if err != nil {
		t.Fatal(err)
	}
	c := &compiler{plan: &Plan{memory: &kernels.Memory{}, set: portable(t), steps: Trace(v, profile.Same, 224, 1000)}}
	c.operations()
	p := c.buffers.plan()
	sum := 0
	for i, s := range c.buffers.spans {
		sum += s.size
		if p.offsets[i]%lineValues != 0 {
			t.Errorf("buffer %d begins at %d", i, p.offsets[i])
		}
		for j, o := range c.buffers.spans[:i] {
			together := o.first <= s.last && s.first <= o.last
			meet := p.offsets[i] < p.offsets[j]+o.size && p.offsets[j] < p.offsets[i]+s.size
			if together && meet {
				t.Errorf("buffers %d and %d share memory while both are needed", i, j)
			}
		}
	}
	if p.total > sum/4 {
		t.Errorf("the arena takes %d values of %d: nothing is reused", p.total, sum)
	}
}

func portable(t *testing.T) *kernels.Set {
	t.Helper()
	set, err := kernels.Lookup(cpu.Generic)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
