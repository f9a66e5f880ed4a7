package check

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func compiledManifest(t *testing.T, text string, base Rules) Judge {
	t.Helper()
	m, err := parseManifest("m.csv", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	j, err := m.Compile(base, few)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestManifest(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		base Rules
		want []Result // of a.jpg
	}{
		"bare":     {"a.jpg,tabby\nb.jpg,dog\n", Rules{}, []Result{{"", Expect, "tabby", "tabby", true}}},
		"header":   {"\ufeffexpect,path\r\ndog | crane,a.jpg\r\n", Rules{}, []Result{{"", Expect, "dog or crane", "tabby", false}}},
		"quoted":   {"path,expect\n\"a.jpg\",\"tabby\"\n", Rules{}, []Result{{"", Expect, "tabby", "tabby", true}}},
		"cleaned":  {"x/../a.jpg,tabby\n", Rules{}, []Result{{"", Expect, "tabby", "tabby", true}}},
		"of group": {"a.jpg,cat\n", Rules{}, []Result{{"", Expect, "cat", "tabby", true}}},
		"all columns": {"Path,Expect,expect-topk,min_prob,reject,min_margin\na.jpg,dog,2,0.2,crane,0.3\n", Rules{}, []Result{
			{"", Expect, "dog", "tabby, golden retriever", true}, {"", MinProb, ">= 0.2", "0.250000", true},
			{"", Reject, "not crane", "tabby", true}, {"", MinMargin, ">= 0.3", "0.250000", false}}},
		"base where empty": {"path,expect,min_prob\na.jpg,,0.9\n", Rules{Expect: []string{"dog"}, MinProb: ptr(0.1), Reject: []string{"cat"}}, []Result{
			{"", Expect, "dog", "tabby", false}, {"", MinProb, ">= 0.9", "0.250000", false}, {"", Reject, "not cat", "tabby", false}}},
		"base topk":  {"path,expect,reject\na.jpg,dog,\nb.jpg,,dog\n", Rules{TopK: ptr(2)}, []Result{{"", Expect, "dog", "tabby, golden retriever", true}}},
		"not listed": {"b.jpg,tabby\n", Rules{}, []Result{{"", Listed, "listed", "not listed", false}}},
	} {
		v := compiledManifest(t, tt.text, tt.base).Verdict("./a.jpg", result(fewLogits...))
		if diff := cmp.Diff(tt.want, v.Results); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestManifestIsRefused(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"empty":          {"", `"m.csv": lists no picture`},
		"header alone":   {"path,expect\n", "lists no picture"},
		"twice":          {"a.jpg,tabby\n\n./a.jpg,dog\n", `line 3: the path "a.jpg" is in line 1 too`},
		"unknown label":  {"a.jpg,tabby\nb.jpg,tabbi\n", `line 2: unknown label "tabbi"; near: tabby`},
		"unknown column": {"path,expect,min_probb\na,tabby,1\n", `line 1: unknown column "min_probb"; near: min_prob`},
		"column twice":   {"path,expect,path\n", `line 1: the column "path" is there twice`},
		"no expect":      {"path,reject\na,tabby\n", `line 1: no column "expect"`},
		"three columns":  {"a.jpg,tabby,3\n", "line 1: 3 columns, not 2"},
		"one column":     {"path,expect\na.jpg\n", "line 2: 1 columns, not 2"},
		"no path":        {"path,expect\n,tabby\n", "line 2: no path"},
		"nothing asked":  {"path,expect\na.jpg,\n", "line 2: nothing to check"},
		"empty label":    {"path,expect\na.jpg,tabby||dog\n", "line 2: expect: an empty label"},
		"word":           {"path,expect,expect_topk\na.jpg,tabby,two\n", `line 2: expect_topk: "two" is not a whole number`},
		"topk 0":         {"path,expect,expect_topk\na.jpg,tabby,0\n", "line 2: the number of top classes"},
		"NaN":            {"path,expect,min_prob\na.jpg,tabby,NaN\n", "line 2: the least probability"},
		"bare quote":     {"path,expect\na\"b,tabby\n", "line 2: bare"},
		"open quote":     {"path,expect\n\"a,tabby\n", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := parseManifest("m.csv", []byte(tt.text))
			if err == nil {
				_, err = m.Compile(Rules{}, few)
			}
			checkUsage(t, err, tt.want)
		})
	}
}

func TestManifestPathsAreOfItsFolder(t *testing.T) {
	m, err := parseManifest(filepath.Join("lists", "m.csv"), []byte("b.jpg,tabby\n../a.jpg,tabby\n/c.jpg,tabby\nz.zip!d/e.jpg,tabby\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join("lists", "b.jpg"), "a.jpg", filepath.FromSlash("/c.jpg"), filepath.Join("lists", "z.zip!d", "e.jpg")}
	if diff := cmp.Diff(want, m.Paths()); diff != "" {
		t.Error(diff)
	}
	if m, err = parseManifest("m.csv", []byte("-,tabby\n")); err != nil || m.Paths()[0] == "-" {
		t.Errorf("a file of the name of standard input: %q, %v", m.Paths(), err)
	}
}

func TestManifestUnseen(t *testing.T) {
	j := compiledManifest(t, "a.jpg,tabby\nb.jpg,tabby\nc.jpg,tabby\nd.jpg,tabby\n", Rules{})
	j.Verdict("b.jpg", result(fewLogits...))
	j.Meet("c.jpg")
	if diff := cmp.Diff([]string{"a.jpg", "d.jpg"}, All(j).Unseen()); diff != "" {
		t.Error(diff)
	}
}

func TestReadManifest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.csv")
	if _, err := ReadManifest(path); err == nil {
		t.Error("a missing file gives no error")
	} else {
		checkUsage(t, err, "no such file")
	}
	if err := os.WriteFile(path, []byte("a.jpg,tabby\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := ReadManifest(path)
	if err != nil || m.Paths()[0] != filepath.Join(filepath.Dir(path), "a.jpg") {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := readFile(path, 5); err == nil {
		t.Error("a file over the limit gives no error")
	}
}

func FuzzManifest(f *testing.F) {
	for _, s := range []string{"a.jpg,tabby\n", "path,expect,min_prob\na,dog,0.5\n", "\ufeff\"a\nb\",x|y\r\n", "path,expect\n\"", ",\n", "-,0"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest("m.csv", data)
		if err != nil {
			checkUsage(t, err, "m.csv")
			return
		}
		j, err := m.Compile(Rules{MinProb: ptr(0.1)}, few)
		if err != nil {
			checkUsage(t, err, "m.csv")
			return
		}
		for _, path := range m.Paths() {
			if v := j.Verdict(path, result(fewLogits...)); len(v.Results) == 0 || v.Results[0].Rule == Listed {
				t.Fatalf("%q: %+v", path, v)
			}
		}
		if unseen := j.Unseen(); unseen != nil {
			t.Fatalf("unseen: %q", unseen)
		}
	})
}
