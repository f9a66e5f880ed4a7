package model

import (
	"testing"
	"time"
)

func TestMembersSpinOnlyWhereCoresAreFree(t *testing.T) {
	for _, tt := range []struct {
		threads, cores int
		confined       bool
		want           time.Duration
	}{
		{2, 2, false, spinTime},
		{2, 8, false, spinTime},
		{3, 2, false, 0},
		{2, 2, true, 0},
	} {
		if got := spinFor(tt.threads, tt.cores, tt.confined); got != tt.want {
			t.Errorf("%d threads on %d cores, confined %v: spin for %v, want %v", tt.threads, tt.cores, tt.confined, got, tt.want)
		}
	}
}
