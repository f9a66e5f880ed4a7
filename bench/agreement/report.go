package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// report prints, for each rule, set of pictures and all sets together, how
// many pictures a rule decodes scaled, how many of these get another class,
// with the largest share that is credible at 95 % (Clopper and Pearson, one
// side), and the mean and largest difference of probabilities.
func report(w io.Writer, trials []trial, gaps []float64) {
	sets := map[string]bool{}
	for _, t := range trials {
		sets[t.set] = true
	}
	for _, gap := range gaps {
		fmt.Fprintf(w, "\ngap %4.3g%s  scaled changed     share   at 95 %%  |Δp|: of the first  largest  at most   1/2  1/4  1/8\n", gap, pad("", 28))
		taken := chosen(trials, gap)
		for _, set := range slices.Sorted(maps.Keys(sets)) {
			line(w, set, slices.DeleteFunc(slices.Clone(taken), func(t trial) bool { return t.set != set }))
		}
		line(w, "all", taken)
	}
	fmt.Fprintf(w, "\nin full, rounded once\n")
	for _, set := range append(slices.Sorted(maps.Keys(sets)), "") {
		once := slices.DeleteFunc(slices.Clone(trials), func(t trial) bool { return t.scale > 1 || set != "" && t.set != set })
		line(w, cmp.Or(set, "all"), once)
	}
	fmt.Fprintln(w, "\nchanged at the smallest gap: margin of the first class, in full")
	for _, t := range chosen(trials, gaps[0]) {
		if t.changed {
			fmt.Fprintf(w, "%s  1/%d  gap %.2f  margin %.4f  |Δp| %.4f  %s\n", pad(t.set, 36), t.scale, t.gap, t.margin, t.largest, t.photo)
		}
	}
}

// chosen gives the trials that a rule leads to: of a picture the largest scale
// that leaves the gap.
func chosen(trials []trial, gap float64) (taken []trial) {
	type picture struct{ photo, set string }
	best := map[picture]trial{}
	for _, t := range trials {
		key := picture{t.photo, t.set}
		if t.scale > 1 && t.gap >= gap && t.scale > best[key].scale {
			best[key] = t
		}
	}
	for _, t := range trials {
		if best[picture{t.photo, t.set}] == t {
			taken = append(taken, t)
		}
	}
	return taken
}

func line(w io.Writer, name string, trials []trial) {
	n, changed, first, sum, largest := len(trials), 0, 0.0, 0.0, 0.0
	var scales [9]int
	for _, t := range trials {
		if t.changed {
			changed++
		}
		first, sum, largest = first+t.first, sum+t.largest, max(largest, t.largest)
		scales[t.scale]++
	}
	if n == 0 {
		return
	}
	fmt.Fprintf(w, "%s %6d %7d %8.2f %% %7.2f %% %18.5f %8.5f %8.4f %5d%5d%5d\n", pad(name, 36), n, changed,
		100*float64(changed)/float64(n), 100*credible(changed, n), first/float64(n), sum/float64(n), largest, scales[2], scales[4], scales[8])
}

func pad(s string, n int) string { return fmt.Sprintf("%-*s", n, s) }

// credible is the share of which k or fewer of n have a chance of 5 %.
func credible(k, n int) float64 {
	low, high := float64(k)/float64(n), 1.0
	for range 60 {
		p := (low + high) / 2
		if atMost(k, n, p) > 0.05 {
			low = p
		} else {
			high = p
		}
	}
	return high
}

// atMost is the chance of k or fewer of n.
func atMost(k, n int, p float64) float64 {
	sum := 0.0
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}
