package report

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"github.com/effnet/effnet/internal/check"
)

// inputRule is what reports call the failure of an input that was not classified.
const inputRule = "input"

// problem is one reason why a picture is not as it should be.
type problem struct {
	rule    string // of check.RuleNames, or inputRule
	kind    string // the rule; of inputRule the kind of error
	name    string // of the entry of a rules file
	message string // one printable line
}

// problems lists what failed of a record: one of an input that was not classified, else
// one a rule.
func problems(r Record) []problem {
	if r.Err != nil {
		return []problem{{inputRule, string(r.Err.Kind), "", Escape(r.Err.Error())}}
	}
	if r.Check == nil || r.Check.Passed {
		return nil
	}
	var list []problem
	for _, res := range r.Check.Results {
		if !res.Passed {
			list = append(list, problem{res.Rule, res.Rule, res.Name, ruleText(res)})
		}
	}
	if len(list) == 0 {
		list = []problem{{check.Expect, check.Expect, "", "failed"}}
	}
	return list
}

// ruleText says what a rule asked for and found, in one printable line.
func ruleText(r check.Result) string {
	text := Escape(r.Rule) + ": want " + Escape(r.Want) + ", got " + Escape(r.Got)
	if r.Name != "" {
		text = Escape(r.Name) + ": " + text
	}
	return text
}

// repositoryPath is a path as the services that host repositories want it.
func repositoryPath(path string) string { return filepath.ToSlash(filepath.Clean(path)) }

// fingerprint is the same for the same problem of a picture in every run.
func (p *problem) fingerprint(path string) string {
	sum := sha256.Sum256([]byte(repositoryPath(path) + "\x00" + p.rule + "\x00" + p.name))
	return hex.EncodeToString(sum[:])
}
