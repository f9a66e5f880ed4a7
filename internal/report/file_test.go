package report

import (
	"errors"
	"os"
	"testing"
)

func TestResumeRefuses(t *testing.T) {
	eachFormat(t, func(t *testing.T, format string) {
		whole := uninterrupted(t, format, album())
		part := partOf(t, format, album())
		for name, change := range map[string]func(s *Style){
			"logits": func(s *Style) { s.Logits = true }, "timing": func(s *Style) { s.Timing = true },
			"engine": func(s *Style) { s.Engine = engine }, "check": func(s *Style) { s.Check = true },
			"top": func(s *Style) { s.Top = 7 }, "model": func(s *Style) { s.Model = "b0" },
		} {
			if name == "model" && format == "csv" {
				continue // csv does not tell
			}
			style := resumed
			change(&style)
			for _, from := range []string{"out", "out.part"} {
				clear3(t)
				text := whole
				if from == "out.part" {
					text = string(part)
				}
				put(t, from, text)
				_, _, err := Resume("out", format, style)
				if refused := (*ResumeError)(nil); !errors.As(err, &refused) || refused.File != from {
					t.Errorf("%s, %s: got %v", name, from, err)
				}
				holds(t, from, text)
				gone(t, "out.resume")
			}
		}
	})
}

func TestResumeRefusesFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "out", "no records\n")
	for _, tt := range []struct{ path, format string }{
		{"out", "jsonl"}, {"out", "csv"}, {"out", "parquet"}, {"out", "json"}, {"out", "table"}, {os.DevNull, "jsonl"},
	} {
		_, _, err := Resume(tt.path, tt.format, resumed)
		if refused := (*ResumeError)(nil); !errors.As(err, &refused) {
			t.Errorf("%s as %s: got %v", tt.path, tt.format, err)
		}
		gone(t, "out.part")
		gone(t, "out.resume")
	}
	holds(t, "out", "no records\n")
	if _, _, err := Resume("no/folder", "jsonl", resumed); err == nil || errors.As(err, new(*ResumeError)) {
		t.Errorf("got %v for a folder that is not there", err)
	}
}

func TestResumeFollowsLinks(t *testing.T) {
	t.Chdir(t.TempDir())
	want := uninterrupted(t, "jsonl", album())
	put(t, "real", uninterrupted(t, "jsonl", album()[:3]))
	if err := os.Symlink("real", "out"); err != nil {
		t.Fatal(err)
	}
	f, reused := goOn(t, "jsonl", album(), -1)
	if f.Part() != "real.part" || reused == 0 {
		t.Errorf("part %q, %d used again", f.Part(), reused)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	holds(t, "real", want)
	if info, err := os.Lstat("out"); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
}

// A new run does not use what an older one saved.
func TestOpenFileBeginsAnew(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "out.part", "old")
	put(t, "out.resume", "older")
	f, err := OpenFile("out", "csv", resumed)
	if err != nil {
		t.Fatal(err)
	}
	gone(t, "out.resume")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	holds(t, "out", "path,rank,index,wnid,label,probability,damaged,error\n")
}

func TestOpenFileWritesDevices(t *testing.T) {
	for _, format := range Formats {
		f, err := OpenFile(os.DevNull, format, resumed)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Write(dog), f.Commit()); err != nil || f.Part() != "" {
			t.Errorf("%s: %v, part %q", format, err, f.Part())
		}
	}
}

// A run that cannot begin takes its part away, but not what another run left.
func TestDrop(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := OpenFile("out", "csv", resumed)
	if err == nil {
		err = f.Drop()
	}
	if err != nil {
		t.Fatal(err)
	}
	gone(t, "out.part")
	part := partOf(t, "jsonl", album())
	f, _ = goOn(t, "jsonl", nil, -1)
	if err := f.Drop(); err != nil {
		t.Fatal(err)
	}
	holds(t, "out.part", string(part))
}
