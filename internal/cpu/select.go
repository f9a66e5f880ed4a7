package cpu

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// EnvCap is the environment variable that caps the tier: with avx2, no tier
// above avx2 is chosen. Empty means no cap.
const EnvCap = "EFFNET_CPU"

// TierError says that the tier named by EFFNET_CPU cannot be used.
type TierError struct {
	Tier  string // as named by the user
	Known bool   // whether it is the name of a tier at all
	Lack  string // who lacks a known tier: "CPU" or "build"
	Have  []Tier // the words that would be accepted instead
}

func (e *TierError) Error() string {
	if !e.Known {
		return fmt.Sprintf("%s=%q is not a CPU tier (there are %s)", EnvCap, e.Tier, join(e.Have))
	}
	return fmt.Sprintf("%s=%s: this %s lacks the tier %s (it has %s)", EnvCap, e.Tier, e.Lack, e.Tier, join(e.Have))
}

func join(t []Tier) string {
	s := make([]string, len(t))
	for i := range t {
		s[i] = string(t[i])
	}
	return strings.Join(s, ", ")
}

// Select returns the best tier that both the machine and the build have, not
// above the one that EFFNET_CPU names. builtIn are the tiers compiled in, in
// any order; Generic is always taken to be among them. The error is a
// *TierError.
func Select(builtIn []Tier) (Tier, error) {
	return choose(os.Getenv(EnvCap), machine().tiers(), builtIn)
}

// choose picks from the machine's tiers, best last.
func choose(limit string, machine, builtIn []Tier) (Tier, error) {
	usable := slices.DeleteFunc(slices.Clone(machine), func(t Tier) bool {
		return t != Generic && !slices.Contains(builtIn, t)
	})
	if limit == "" {
		return usable[len(usable)-1], nil
	}
	t := Tier(limit)
	switch {
	case slices.Contains(usable, t):
		return t, nil
	case !slices.Contains(words, t):
		return "", &TierError{Tier: limit, Have: Words()}
	case !slices.Contains(machine, t):
		return "", &TierError{Tier: limit, Known: true, Lack: "CPU", Have: usable}
	default:
		return "", &TierError{Tier: limit, Known: true, Lack: "build", Have: usable}
	}
}
