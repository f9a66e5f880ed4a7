// Package check holds pictures to what they should show.
package check

// Verdict says whether one picture shows what it should.
type Verdict struct {
	Passed  bool // every rule
	Results []Result
}

// Result is what came of one rule.
type Result struct {
	Rule   string // expect, min-prob, reject, …
	Want   string // as the rule says it
	Got    string // what the picture shows of it
	Passed bool
}
