//go:build long && unix

package cli

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestKilledTrainings kills trainings at random moments and lets them go on,
// until the model is there: it must equal that of a run that nobody killed.
func TestKilledTrainings(t *testing.T) {
	dir := newClasses(t, 8, 4)
	whole, out := filepath.Join(t.TempDir(), "m.safetensors"), filepath.Join(t.TempDir(), "m.safetensors")
	start := time.Now()
	if text, err := training(t, dir, whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	took := time.Since(start)
	kills, done := 0, 0
	for range 60 {
		cmd := training(t, dir, out, "--resume")
		cmd.Stderr = os.Stderr
		if killed(t, cmd, rand.N(took)) {
			kills++
			continue
		}
		done++
		compareModels(t, whole, out)
		os.Remove(out)
		if done%2 == 0 {
			os.Remove(out + ".features")
		}
	}
	if err := training(t, dir, out, "--resume").Run(); err != nil {
		t.Fatal(err)
	}
	compareModels(t, whole, out)
	t.Logf("%d runs killed, %d came to their end before", kills, done)
}
