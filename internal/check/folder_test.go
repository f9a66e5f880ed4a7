package check

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFolders(t *testing.T) {
	f, err := NewFolders(Rules{MinProb: ptr(0.3)}, few)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]Result{
		"in/tabby/a.jpg":           {{"", Expect, "tabby", "tabby", true}, {"", MinProb, ">= 0.3", "0.500000", true}},
		"golden_retriever/a.jpg":   {{"", Expect, "golden retriever", "tabby", false}, {"", MinProb, ">= 0.3", "0.250000", false}},
		"n02099601/a.jpg":          {{"", Expect, "golden retriever", "tabby", false}, {"", MinProb, ">= 0.3", "0.250000", false}},
		"tabby/../dog/a.jpg":       {{"", Expect, "dog", "tabby", false}, {"", MinProb, ">= 0.3", "0.250000", false}},
		"x/photos.zip!cat/a.jpg":   {{"", Expect, "cat", "tabby", true}, {"", MinProb, ">= 0.3", "0.500000", true}},
		"x/p.tar.gz!y/Tabby/a.jpg": {{"", Expect, "Tabby", "tabby", true}, {"", MinProb, ">= 0.3", "0.500000", true}},
		"tabby/photos.zip!a.jpg":   {{"", Expect, "tabby", "tabby", true}, {"", MinProb, ">= 0.3", "0.500000", true}},
		"tabbi/a.jpg":              {{"", Expect, "tabbi", "no such label", false}},
		"-":                        {{"", Expect, "", "no such label", false}},
	} {
		v := f.Verdict(filepath.FromSlash(path), result(fewLogits...))
		if diff := cmp.Diff(want, v.Results); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestFoldersOfNoLabelAreTold(t *testing.T) {
	f, err := NewFolders(Rules{}, few)
	if err != nil {
		t.Fatal(err)
	}
	judge := func(folder string) { f.Verdict(filepath.Join(folder, "a.jpg"), result(fewLogits...)) }
	judge("tabby")
	if err := f.Err(); err != nil {
		t.Error(err)
	}
	judge("tabbi")
	judge("tabbi")
	checkUsage(t, f.Err(), `a folder whose name is no label: "tabbi"; near: tabby`)
	for i := range 9 {
		judge(fmt.Sprintf("no%d", i))
	}
	checkUsage(t, f.Err(), `folders whose name is no label: "tabbi", "no0", "no1", "no2", "no3" and 5 more`)
	for i := range 2 * maxUnknown {
		judge(fmt.Sprintf("many%d", i))
	}
	checkUsage(t, f.Err(), "and more than 95 others")
	if n := len(f.unknown); n != maxUnknown {
		t.Errorf("%d names are kept", n)
	}
}

func TestFoldersAreRefused(t *testing.T) {
	_, err := NewFolders(Rules{Expect: []string{"tabby"}}, few)
	checkUsage(t, err, "give one of them")
	_, err = NewFolders(Rules{Reject: []string{"tabbi"}}, few)
	checkUsage(t, err, "unknown label")
}
