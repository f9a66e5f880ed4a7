package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// filtered is a case of inputs that are left after patterns; lists are words.
type filtered struct {
	name, args, include, exclude, want string
}

func (tt filtered) run(t *testing.T) {
	o := Options{Args: strings.Fields(tt.args), Include: strings.Fields(tt.include), Exclude: strings.Fields(tt.exclude)}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for in := range s.All() {
		got = append(got, in.Path)
	}
	if d := cmp.Diff(strings.Join(strings.Fields(tt.want), "\n"), strings.Join(got, "\n")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestFilters(t *testing.T) {
	const files = "a.jpg b.png n.txt s/c.jpg s/thumbs/d.jpg thumbs/e.jpg thumbs/x/f.png"
	tests := []filtered{
		{"include by base name", ".", "*.png", "", "./b.png ./thumbs/x/f.png"},
		{"any of several", ".", "a.* c.*", "", "./a.jpg ./s/c.jpg"},
		{"include takes no other extension", ".", "*", "thumbs", "./a.jpg ./b.png ./s/c.jpg"},
		{"include by path inside", ".", "s/**", "", "./s/c.jpg ./s/thumbs/d.jpg"},
		{"include by path as typed", ".", "./s/*", "", "./s/c.jpg"},
		{"include needs the whole path", ".", "x/f.png", "", ""},
		{"exclude goes first", ".", "*.jpg", "a.jpg", "./s/c.jpg ./s/thumbs/d.jpg ./thumbs/e.jpg"},
		{"folder by name", ".", "", "thumbs", "./a.jpg ./b.png ./s/c.jpg"},
		{"folder by name and slash", ".", "", "thumbs/", "./a.jpg ./b.png ./s/c.jpg"},
		{"a slash means folders alone", ".", "", "a.jpg/ thumbs/", "./a.jpg ./b.png ./s/c.jpg"},
		{"all inside a folder", ".", "", "thumbs/**", "./a.jpg ./b.png ./s/c.jpg ./s/thumbs/d.jpg"},
		{"at any depth", ".", "", "**/thumbs/**", "./a.jpg ./b.png ./s/c.jpg"},
		{"inside a folder inside", ".", "", "s/thumbs/", "./a.jpg ./b.png ./s/c.jpg ./thumbs/e.jpg ./thumbs/x/f.png"},
		{"path as typed", "s", "", "s/thumbs", "s/c.jpg"},
		{"the named folder itself", "s thumbs a.jpg", "", "thumbs", "s/c.jpg a.jpg"},
		{"not the dot", ". s/..", "", ".*", "./a.jpg ./b.png ./s/c.jpg ./s/thumbs/d.jpg ./thumbs/e.jpg ./thumbs/x/f.png " +
			"s/../a.jpg s/../b.png s/../s/c.jpg s/../s/thumbs/d.jpg s/../thumbs/e.jpg s/../thumbs/x/f.png"},
		{"named files", "a.jpg n.txt s/c.jpg gone.jpg gone.txt", "*.jpg", "", "a.jpg s/c.jpg gone.jpg"},
		{"named files, excluded", "./a.jpg n.txt s/c.jpg s/../a.jpg", "", "./a.jpg s/*", "n.txt s/../a.jpg"},
		{"what was typed above is not looked at", "thumbs/x thumbs/e.jpg", "", "thumbs", "thumbs/x/f.png thumbs/e.jpg"},
		{"glob", "*", "", "thumbs *.png", "a.jpg n.txt s/c.jpg"},
		{"glob, included", "**", "*.{jpg,txt}", "thumbs", "a.jpg n.txt s/c.jpg"},
		{"case counts", ".", "", "THUMBS *.JPG", "./a.jpg ./b.png ./s/c.jpg ./s/thumbs/d.jpg ./thumbs/e.jpg ./thumbs/x/f.png"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree(t, strings.Fields(files)...)
			tt.run(t)
		})
	}
}

func TestFiltersOfArchives(t *testing.T) {
	tests := []filtered{
		{"archives", "a.zip a.tar a.tgz", "", "y", "a.zip!1.jpg a.zip!x/2.jpg a.tar!1.jpg a.tar!x/2.jpg a.tgz!1.jpg a.tgz!x/2.jpg"},
		{"archives, included", "a.zip a.tgz", "x/*", "", "a.zip!x/2.jpg a.tgz!x/2.jpg"},
		{"archive as typed", "a.zip a.tar", "", "a.zip!x/**", "a.zip!1.jpg a.tar!1.jpg a.tar!x/2.jpg a.tar!x/y/3.jpg"},
		{"the archive itself", "a.zip a.tar", "1.jpg", "*.tar", "a.zip!1.jpg"},
		{"the archive of a glob", "*.t*", "1.jpg", "*.tar", "a.tgz!1.jpg"},
		{"member by name", "a.zip!x/y/3.jpg a.tgz!x/2.jpg a.tar!1.jpg", "", "y *.tar", "a.tgz!x/2.jpg"},
	}
	packed(t, "1.jpg", "x/2.jpg", "x/y/3.jpg")
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// An excluded folder is not even looked into; standard input is never filtered; nothing
// is called unmatched for being excluded by name.
func TestFiltersLeaveOut(t *testing.T) {
	tree(t, "thumbs/a.jpg", "d/thumbs/b.jpg", "e/c.png")
	o := Options{Args: []string{"thumbs", "d", "e", "e/c.png", "-"}, Exclude: []string{"thumbs", "*.png", "-"}, Include: []string{"*.jpg"},
		Stdin: strings.NewReader("pixels")}
	got, unmatched := collect(t, o)
	if d := cmp.Diff([]string{"-"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"d", "e"}, unmatched); d != "" {
		t.Errorf("unmatched (-want +got):\n%s", d)
	}
}

func TestPatternErrors(t *testing.T) {
	for want, o := range map[string]Options{
		`--include "[": malformed pattern`:                                      {Include: []string{"*.jpg", "["}},
		`--exclude "{a": malformed pattern`:                                     {Exclude: []string{"{a"}},
		`--exclude "": malformed pattern`:                                       {Exclude: []string{""}},
		`--include "thumbs/": names a folder, not its files: write "thumbs/**"`: {Include: []string{"thumbs/"}},
		`shard 5/4: the first number is 1 to 4`:                                 {Shard: Shard{5, 4}},
		`shard 1/0: the number of shards is 1 to 1000000`:                       {Shard: Shard{1, 0}},
		`no input given: name files, folders, globs, or - for standard input`:   {Exclude: []string{"*"}},
	} {
		if want[0] != 'n' {
			o.Args = []string{"."}
		}
		if _, err := Open(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("thumbs/", "d/thumbs/a.jpg")
	f.Add("**/[!a]*", "./a//b")
	f.Add("{a/b,*}.jpg", "")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		for _, sort := range [][2][]string{{{pattern}, nil}, {nil, {pattern}}} {
			f, err := newFilter(sort[0], sort[1])
			if err != nil {
				continue
			}
			if !f.container("x/"+name, name, false) && f.file("x/"+name, name) {
				t.Errorf("%q is both excluded and taken", name)
			}
			f.member("a.zip!", name)
		}
	})
}
