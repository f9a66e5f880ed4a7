package testkit

import (
	"testing"
	"unsafe"
)

func TestGuardPagesFault(t *testing.T) {
	for _, n := range []int{1, 100, 1 << 14, 1<<14 + 1} {
		g := Guard(t, n)
		first, last := g.First(n), g.Last(n)
		for i := range n {
			first[i], last[i] = 1, 2
		}
		if len(first) != n || cap(last) != n || g.Cap() < n {
			t.Fatalf("%d values: first %d, last %d, of %d", n, len(first), cap(last), g.Cap())
		}
		before := unsafe.Add(unsafe.Pointer(unsafe.SliceData(first)), -4)
		after := unsafe.Add(unsafe.Pointer(unsafe.SliceData(last)), n*4)
		for name, p := range map[string]unsafe.Pointer{"before": before, "after": after} {
			if !guarding {
				continue
			}
			if !Faults(func() { sink = *(*float32)(p) }) {
				t.Errorf("%d values: the value %s could be read", n, name)
			}
			if !Faults(func() { *(*float32)(p) = 1 }) {
				t.Errorf("%d values: the value %s could be written", n, name)
			}
		}
	}
}

var sink float32

func TestFaultsLeavesOtherPanics(t *testing.T) {
	if Faults(func() {}) {
		t.Error("a fault where there is none")
	}
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v", r)
		}
	}()
	Faults(func() { panic("mine") })
}

func TestGuardIsLentOnce(t *testing.T) {
	var before *float32
	t.Run("lent", func(t *testing.T) {
		a, b := Guard(t, 10).First(1), Guard(t, 10).First(1)
		if &a[0] == &b[0] {
			t.Error("the same memory twice")
		}
		before = &b[0]
	})
	if before == nil {
		t.Fatal("nothing was lent")
	}
	a, b := Guard(t, 10).First(1), Guard(t, 10).First(1)
	if &a[0] != before && &b[0] != before {
		t.Error("returned memory is not used again")
	}
}
