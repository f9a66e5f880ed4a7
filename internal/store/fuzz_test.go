package store

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzFind holds that whatever is found bears a name that finds it again.
func FuzzFind(f *testing.F) {
	for _, name := range []string{"b0", "b0@timm:ra_in1k", "b3@noisy_student", "@", "b0@", "b0@:", "d1,w1@x", "L2@NS"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		e, err := Find(name)
		if err != nil {
			return
		}
		if again, err := Find(e.Name()); err != nil || again.Name() != e.Name() {
			t.Fatalf("%q: %s, then %s, %v", name, e.Name(), again.Name(), err)
		}
	})
}

// FuzzContentRange holds that no header gives negative numbers.
func FuzzContentRange(f *testing.F) {
	for _, text := range []string{"bytes 0-9/10", "bytes */10", "bytes 5-9/*", "bytes -1-2/3", "bytes 9223372036854775808-1/2", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if start, total, ok := contentRange(text); ok && (start < 0 || total < -1) {
			t.Fatalf("%q: %d of %d", text, start, total)
		}
	})
}

// FuzzRecords holds that no record beside a model, and no origin beside a part,
// whatever wrote it, makes a lookup fail.
func FuzzRecords(f *testing.F) {
	f.Add([]byte(`{"name":"x","url":"https://x","sha256":"0","size":5}`))
	f.Add([]byte(`{"url":"https://x","validator":"\"v1\"","total":-5}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		st, e := &Store{t.TempDir()}, entry(nil)
		for path, content := range map[string][]byte{
			st.Path(e): []byte("model"), st.base(e) + ".json": data, st.Part(e): []byte("part"), st.Part(e) + ".json": data,
		} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, ok, err := st.Lookup(e)
		if err != nil || !ok || p.Name != e.Name() || p.Size != 5 || filepath.Dir(p.Path) != st.Dir {
			t.Fatalf("%+v, %v, %v", p, ok, err)
		}
		if p.Check() == nil {
			t.Fatal("passed")
		}
		part, err := openPart(st.Part(e), "https://x")
		if err != nil {
			t.Fatal(err)
		}
		part.file.Close()
		if part.have != 0 && part.have != 4 {
			t.Fatalf("%d bytes", part.have)
		}
	})
}
