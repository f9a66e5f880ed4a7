package classify

import (
	"strings"
	"testing"

	"github.com/effnet/effnet/pkg/preprocess"
)

// Whatever changes numbers changes the setup, what does not leaves it.
func TestSetup(t *testing.T) {
	setups := map[string]string{}
	for name, o := range map[string]Options{
		"plain": {}, "profile": {Overrides: "mean=0:0:0"}, "resolution": {Resolution: 64}, "crop": {Crop: preprocess.Pad},
		"limit": {MaxPixels: 7}, "EXIF": {NoEXIF: true}, "lenient": {Lenient: true}, "scaled": {Scaled: true}, "tier": {Tier: "generic"},
	} {
		m := open(t, "", o)
		if name == "tier" && m.Info().Tier == open(t, "", Options{}).Info().Tier {
			continue
		}
		setups[m.Setup("v1")] = name
	}
	m := open(t, "", Options{Threads: 1, Top: 2, MaxPixels: preprocess.DefaultMaxPixels, Crop: preprocess.Center, Embedding: true})
	if got := setups[m.Setup("v1")]; got != "plain" {
		t.Errorf("what changes no number gives the setup of %q", got)
	}
	if got := setups[m.Setup("v2")]; got != "" {
		t.Errorf("another engine gives the setup of %q", got)
	}
	if n := len(setups); n < 8 {
		t.Errorf("%d different setups", n)
	}
	if text := m.Setup("v1"); !strings.Contains(text, m.Info().SHA256()) {
		t.Errorf("no digest of the model in %q", text)
	}
}
