// Package near finds the known names that an unknown one resembles.
package near

import (
	"cmp"
	"slices"
	"strings"
)

// Names lists up to three of names that resemble word, best first: by edit
// distance without regard to case, at most a third of the word's length but
// always one; then names that contain the word, the shortest first. Where there
// are none, the distance may be half of the word's length.
func Names(word string, names []string) []string {
	if best := within(max(1, len(word)/3), word, names); len(best) > 0 {
		return best
	}
	return within(len(word)/2, word, names)
}

// within is Names for one limit of the distance.
func within(limit int, word string, names []string) []string {
	const most, leastPart = 3, 3
	type match struct {
		name     string
		distance int
	}
	word = strings.ToLower(word)
	var matches []match
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		lower := strings.ToLower(name)
		if d := editDistance(word, lower, limit); d <= limit {
			matches = append(matches, match{name, d})
		} else if len(word) >= leastPart && strings.Contains(lower, word) {
			matches = append(matches, match{name, limit + len(name)})
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Compare(a.distance, b.distance) })
	var best []string
	for _, m := range matches[:min(most, len(matches))] {
		best = append(best, m.name)
	}
	return best
}

// editDistance is Levenshtein's, in bytes; limit+1 where the lengths alone
// show that it is over the limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1) // distances of a[:i] to every b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
