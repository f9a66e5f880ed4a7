package check

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func compiledRules(t *testing.T, text string, base Rules) *Matching {
	t.Helper()
	f, err := parseRules(filepath.Join("ci", "effnet.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Compile(base, few)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const shop = `
version: 1
rules:
  - name: cats
    files: ["../cats/**", "*.{jpg,png}"]
    expect: [cat, dog]
    expect-topk: 2
    min-prob: 0.9
  - files: ../cats/**
    reject: 1
    min-margin: .3
`

func TestRulesFile(t *testing.T) {
	cats := []Result{{"cats", Expect, "cat or dog", "tabby, golden retriever", true}, {"cats", MinProb, ">= 0.9", "0.750000", false}}
	second := []Result{{"rule 2", Reject, "not golden retriever", "tabby", true}, {"rule 2", MinMargin, ">= 0.3", "0.250000", false}}
	none := []Result{{"", Matched, "a rule that matches", "none", false}}
	for _, tt := range []struct {
		more, path string
		want       Verdict
	}{
		{"", "cats/a.jpg", Verdict{false, cats}},
		{"", "cats/deep/er/a.jpg", Verdict{false, cats}},
		{"", "ci/a.png", Verdict{false, cats}},
		{"", "ci/sub/a.png", Verdict{false, none}},
		{"", "catsup/a.jpg", Verdict{false, none}},
		{"", "-", Verdict{false, none}},
		{"match: all", "cats/a.jpg", Verdict{false, append(cats[:2:2], second...)}},
		{"match: all", "a.jpg", Verdict{false, none}},
		{"unmatched: pass", "a.jpg", Verdict{true, nil}},
		{"unmatched: fail", "a.jpg", Verdict{false, none}},
	} {
		got := compiledRules(t, shop+tt.more, Rules{}).Verdict(filepath.FromSlash(tt.path), result(fewLogits...))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.more, tt.path, diff)
		}
	}
}

func TestUnmatchedAreCounted(t *testing.T) {
	m := compiledRules(t, shop+"unmatched: pass", Rules{})
	for _, path := range []string{"a.jpg", "b.jpg", "cats/a.jpg"} {
		m.Verdict(path, result(fewLogits...))
	}
	if m.Unmatched() != 2 {
		t.Errorf("%d", m.Unmatched())
	}
}

func TestRulesFileTakesTheRestFromBase(t *testing.T) {
	m := compiledRules(t, "version: 1\nrules: [{files: '**', expect: cat}]", Rules{Reject: []string{"dog"}, Expect: []string{"dog"}})
	want := []Result{{"rule 1", Expect, "cat", "tabby", true}, {"rule 1", Reject, "not dog", "tabby", true}}
	if diff := cmp.Diff(want, m.Verdict("ci/a.jpg", result(fewLogits...)).Results); diff != "" {
		t.Error(diff)
	}
}

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"*.jpg", "a.jpg", true}, {"*.jpg", "x/a.jpg", false}, {"**/*.jpg", "a.jpg", true}, {"**/*.jpg", "x/y/a.jpg", true},
		{"**", "../a.jpg", false}, {"../*.jpg", "../a.jpg", true}, {"a.jpg", "a.jpg", true}, {"x/a.jpg", "x/a.jpg", true},
		{"./x/*", "x/a.jpg", true}, {"{x,y}/?.jpg", "y/a.jpg", true}, {"[x-z]/*", "a/a", false}, {`\*.jpg`, "*.jpg", true},
		{`\*.jpg`, "a.jpg", false}, {"x*/**", "xy/z/a.jpg", true}, {"/abs/**", "/abs/a", true}, {"/**", "/abs/a", true},
		{"**", "photos.zip!x/a.jpg", true},
	} {
		folder := place("ci")
		p, err := newPattern(tt.pattern, folder)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		at := filepath.FromSlash(tt.path)
		if !filepath.IsAbs(at) {
			at = filepath.Join(folder, at)
		}
		if got := p.matches(at); got != tt.want {
			t.Errorf("%s, %s: %v", tt.pattern, tt.path, got)
		}
	}
}

const good = "version: 1\nrules:\n- files: '*'\n  expect: tabby\n"

// The third field tells whether the schema refuses the file, too.
func TestRulesFileIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		text, want string
		schema     bool
	}{
		"empty":           {"", `effnet.yaml": has no rules`, true},
		"comment":         {"# none\n", "has no rules", true},
		"list":            {"- a\n", "line 1: the file must be a mapping", true},
		"no version":      {"rules: [{files: a, expect: tabby}]\n", `line 1: "version: 1" is missing`, true},
		"other version":   {"version: 2\nrules: [{files: a, expect: tabby}]\n", `"version: 1" is missing`, true},
		"no rules":        {"version: 1\nrules: []\n", "has no rules", true},
		"unknown key":     {good + "unmatchd: pass\n", `line 5: unknown key "unmatchd"; near: unmatched`, true},
		"unknown rule":    {"version: 1\nrules:\n- files: a\n  min_prob: 0.5\n", `line 4: unknown key "min_prob"; near: min-prob`, true},
		"key twice":       {good + "  expect: dog\n", "line 5: expect is there twice", false},
		"neither word":    {good + "match: any\n", `line 5: "any" is neither first nor all`, true},
		"no files":        {"version: 1\nrules:\n- expect: tabby\n", "line 3: rule 1 has no files", true},
		"no pattern":      {"version: 1\nrules:\n- expect: tabby\n  files: []\n", "line 4: an empty list", true},
		"asks nothing":    {"version: 1\nrules:\n- name: x\n  files: a\n", "line 3: x asks for nothing", true},
		"topk alone":      {"version: 1\nrules: [{files: a, reject: tabby, expect-topk: 2}]\n", "expect-topk without expect", true},
		"topk 0":          {good + "  expect-topk: 0\n", `line 5: "0" is not at least 1`, true},
		"topk 1.5":        {good + "  expect-topk: 1.5\n", `line 5: "1.5" is not a whole number`, true},
		"topk 6":          {good + "  expect-topk: 6\n", "line 3: the number of top classes must be from 1 to 5", false},
		"NaN":             {good + "  min-prob: .nan\n", "line 5: \".nan\" is not a number from 0 to 1", true},
		"above":           {good + "  min-margin: 1.01\n", "line 5: \"1.01\" is not a number from 0 to 1", true},
		"text":            {good + "  min-prob: '0.5'\n", "line 5: \"0.5\" is not a number from 0 to 1", true},
		"null label":      {"version: 1\nrules:\n- files: a\n  expect: ~\n", `line 4: "~" is not a text`, true},
		"blank label":     {"version: 1\nrules:\n- files: a\n  expect: [' ']\n", `line 4: " " is not a text`, true},
		"label of labels": {"version: 1\nrules:\n- files: a\n  expect: [[tabby]]\n", `line 4: this is not a text`, true},
		"unknown label":   {"version: 1\nrules:\n- files: a\n  expect: tabby\n- files: b\n  reject: tabbi\n", `line 5: unknown label "tabbi"; near: tabby`, false},
		"bad pattern":     {"version: 1\nrules:\n- expect: tabby\n  files: 'a['\n", `line 4: malformed pattern "a["`, false},
		"folder":          {"version: 1\nrules:\n- expect: tabby\n  files: a/\n", `write "a/**"`, false},
		"up":              {"version: 1\nrules:\n- expect: tabby\n  files: '*/../b'\n", `".." after a wildcard`, false},
		"many braces":     {"version: 1\nrules:\n- expect: tabby\n  files: '{a,{b,{c,{d,{e,f}}}}}'\n", "4 braces", false},
		"alias":           {"version: 1\nrules:\n- files: &f a\n  expect: *f\n", "line 4: an alias", false},
		"merge":           {"version: 1\nrules:\n- &r {files: a, expect: tabby}\n- <<: *r\n", `line 4: unknown key "<<"`, false},
		"two documents":   {good + "---\n" + good, "line 5: a second document", false},
		"not YAML":        {"version: 1\nrules: [\n", "line 2: did not find expected node content", false},
		"tab":             {"version: 1\nrules:\n\t- a\n", "line 3", false},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := parseRules("effnet.yaml", []byte(tt.text))
			if err == nil {
				_, err = f.Compile(Rules{}, few)
			}
			checkUsage(t, err, tt.want)
			if tt.schema && validates(t, tt.text) {
				t.Error("the schema takes it")
			}
		})
	}
}

func TestBillionLaughs(t *testing.T) {
	text := "version: 1\na0: &a0 [x]\n"
	for i := range 30 {
		text += "a" + string(rune('A'+i)) + ": [*a0,*a0]\n"
	}
	_, err := parseRules("effnet.yaml", []byte(text))
	checkUsage(t, err, "unknown key")
	_, err = parseRules("effnet.yaml", []byte("version: 1\nrules: "+strings.Repeat("[", 20000)))
	checkUsage(t, err, "depth")
}

func FuzzRules(f *testing.F) {
	for _, s := range []string{good, shop, "", "version: 1\nrules: [{files: [a, 'b/**'], expect: 5}]", "a: &a [*a]", "- ? [", "%YAML 1.1\n---\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := parseRules("effnet.yaml", data)
		if err != nil {
			checkUsage(t, err, "effnet.yaml")
			return
		}
		m, err := rules.Compile(Rules{}, few)
		if err != nil {
			checkUsage(t, err, "effnet.yaml")
			return
		}
		for _, path := range []string{"a.jpg", "x/y/z.png", "-"} {
			v := m.Verdict(path, result(fewLogits...))
			if len(v.Results) == 0 && !(rules.lenient && v.Passed) {
				t.Fatalf("%+v", v)
			}
		}
	})
}
