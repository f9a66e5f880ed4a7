// Package check holds pictures to expectations: labels, probabilities, a
// manifest, the name of a folder, a rules file, an earlier run.
package check

import "github.com/effnet/effnet/pkg/classify"

// The rules that a Result may be of.
const (
	Expect    = "expect"     // the top class, or one of the top classes, is expected
	MinProb   = "min-prob"   // what is expected is likely enough
	Reject    = "reject"     // the top class is none of those rejected
	MinMargin = "min-margin" // the top class is far enough ahead of the second
	Drift     = "baseline"   // the same as in an earlier run
	Listed    = "manifest"   // the manifest lists the picture
	Matched   = "rules"      // an entry of the rules file matches the picture
)

// RuleNames lists every rule, in the order of the constants.
var RuleNames = []string{Expect, MinProb, Reject, MinMargin, Drift, Listed, Matched}

// Verdict is what the rules say of one picture.
type Verdict struct {
	Passed  bool // all results did
	Results []Result
}

// Result is one rule, what it asked for and what it found.
type Result struct {
	Name      string // of the entry of the rules file, empty elsewhere
	Rule      string // in RuleNames
	Want, Got string
	Passed    bool
}

// Judge holds pictures to rules. It is safe for concurrent use.
type Judge interface {
	// Verdict judges the picture at path by the logits of all its classes.
	Verdict(path string, r *classify.Result) Verdict
	// Meet notes an input that has no result to judge, so that Unseen leaves it out.
	Meet(path string)
	// Unseen lists what was expected but neither judged nor met, in the order of
	// the file that names it.
	Unseen() []string
}

// All is a judge whose verdict has the results of every one of judges.
func All(judges ...Judge) Judge {
	if len(judges) == 1 {
		return judges[0]
	}
	return all(judges)
}

type all []Judge

func (a all) Verdict(path string, r *classify.Result) Verdict {
	v := Verdict{Passed: len(a) > 0}
	for _, j := range a {
		one := j.Verdict(path, r)
		v.Passed = v.Passed && one.Passed
		v.Results = append(v.Results, one.Results...)
	}
	return v
}

func (a all) Meet(path string) {
	for _, j := range a {
		j.Meet(path)
	}
}

func (a all) Unseen() []string {
	var unseen []string
	for _, j := range a {
		unseen = append(unseen, j.Unseen()...)
	}
	return unseen
}

// verdict passes where every result does; no result at all fails.
func verdict(results []Result) Verdict {
	v := Verdict{Passed: len(results) > 0, Results: results}
	for i := range results {
		v.Passed = v.Passed && results[i].Passed
	}
	return v
}
