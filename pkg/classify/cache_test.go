package classify

import (
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/preprocess"
)

// memory is a cache that counts.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	hits   int
	puts   int
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

func (c *memory) Get(key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.values[key]
	if ok {
		c.hits++
	}
	return value, ok
}

func (c *memory) Put(key string, value []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values[key] = value
	c.puts++
}

// setups are options that a result depends on, each unlike the others.
func setups() map[string]Options {
	list := map[string]Options{
		"default":       {},
		"squash":        {Crop: preprocess.Squash},
		"pad":           {Crop: preprocess.Pad},
		"padding":       {Overrides: "padding=same"},
		"epsilon":       {Overrides: "bn_eps=0.001"},
		"mean":          {Overrides: "mean=0.5:0.456:0.406"},
		"deviation":     {Overrides: "std=0.229:0.224:0.5"},
		"crop":          {Overrides: "crop=0.5"},
		"interpolation": {Overrides: "interpolation=nearest"},
		"resolution":    {Resolution: 96},
		"lenient":       {Lenient: true},
		"scaled":        {Scaled: true},
		"embedding":     {Embedding: true},
		"no EXIF":       {NoEXIF: true},
		"pixels":        {MaxPixels: 100000},
		"engine":        {Engine: "v2"},
	}
	best := list["default"].kernelsTier()
	for _, set := range kernels.Sets() {
		if tier := string(set.Tier); tier != best {
			list["tier "+tier] = Options{Tier: tier}
		}
	}
	return list
}

func (o Options) kernelsTier() string {
	set, err := o.Kernels()
	if err != nil {
		panic(err)
	}
	return string(set.Tier)
}

func TestHitsEqualMisses(t *testing.T) {
	path := write(t, randomModel(7))
	damaged := photo(t, "cat.jpg")
	damaged = damaged[:len(damaged)*2/3]
	for name, o := range setups() {
		t.Run(name, func(t *testing.T) {
			list := pictures(t, 3)
			if o.Lenient {
				list = append(list, damaged)
			}
			want := expect(t, open(t, path, o), list)
			cache := newMemory()
			o.Cache = cache
			for pass := range 2 {
				got := expect(t, open(t, path, o), list)
				if diff := cmp.Diff(want, got, ignoreTimes); diff != "" {
					t.Errorf("pass %d: %s", pass, diff)
				}
			}
			if cache.hits != len(list) || cache.puts != len(list) {
				t.Errorf("%d hits and %d puts of %d pictures", cache.hits, cache.puts, len(list))
			}
			s := open(t, path, o).Session(2)
			defer s.Close()
			for i, outcome := range s.Batch(t.Context(), list) {
				if diff := cmp.Diff(want[i], outcome.Result, ignoreTimes); diff != "" || outcome.Err != nil {
					t.Errorf("batch, picture %d: %s %v", i, diff, outcome.Err)
				}
			}
			if cache.hits != 2*len(list) {
				t.Errorf("%d hits after the batch", cache.hits)
			}
		})
	}
}

func TestKeysSeparate(t *testing.T) {
	path := write(t, randomModel(2))
	list := pictures(t, 2)
	keys := map[string]string{}
	note := func(name, path string, o Options, picture []byte) string {
		t.Helper()
		o.Cache = newMemory()
		key := open(t, path, o).recall.key(picture)
		if b, err := hex.DecodeString(key); err != nil || len(b) != 32 {
			t.Errorf("%s: key %q", name, key)
		}
		if other, ok := keys[key]; ok {
			t.Errorf("%s and %s have the same key", name, other)
		}
		keys[key] = name
		return key
	}
	own := ""
	for name, o := range setups() {
		if key := note(name, path, o, list[0]); name == "default" {
			own = key
		}
	}
	note("another picture", path, Options{}, list[1])
	other := randomModel(2)
	other.Params["classifier.bias"].Data[0]++
	note("another model", write(t, other), Options{}, list[0])

	for name, o := range map[string]Options{
		"top": {Top: 1}, "classes": {Classes: []string{"1"}}, "probability": {MinProb: 0.5}, "labels": {Labels: letters(2)},
		"threads": {Threads: 3}, "tier": {Tier: Options{}.kernelsTier()}, "crop": {Crop: preprocess.Center},
		"pixels": {MaxPixels: preprocess.DefaultMaxPixels}, "override": {Overrides: "bn_eps=1e-5"},
	} {
		o.Cache = newMemory()
		if got := open(t, path, o).recall.key(list[0]); got != own {
			t.Errorf("%s: another key", name)
		}
	}
}

func TestRankingIsNotCached(t *testing.T) {
	path := write(t, randomModel(7))
	list := pictures(t, 2)
	cache := newMemory()
	expect(t, open(t, path, Options{Cache: cache}), list)
	o := Options{Top: 3, Classes: []string{"c", "n0e", "6", "a"}, MinProb: 0.01, Labels: letters(7)}
	want := expect(t, open(t, path, o), list)
	o.Cache = cache
	got := expect(t, open(t, path, o), list)
	if diff := cmp.Diff(want, got, ignoreTimes); diff != "" {
		t.Error(diff)
	}
	if cache.hits != len(list) {
		t.Errorf("%d hits", cache.hits)
	}
}

// A value under the key of what is no picture shows that a hit is taken
// without decoding.
func TestHitsAreNotDecoded(t *testing.T) {
	cache := newMemory()
	m := open(t, write(t, randomModel(7)), Options{Cache: cache})
	list := pictures(t, 3)
	plain := expect(t, m, list)
	text := []byte("no picture")
	key := m.recall.key(text)
	cache.values[key] = encodeValue(key, plain[0])

	s := m.Session(2)
	defer s.Close()
	fresh := pictures(t, 5)[4]
	outcomes := s.Batch(t.Context(), [][]byte{text, []byte("other text"), fresh, text, list[2]})
	checkKind(t, outcomes[1].Err, KindFormat)
	for i, want := range map[int]*Result{0: plain[0], 3: plain[0], 4: plain[2]} {
		if diff := cmp.Diff(want, outcomes[i].Result, ignoreTimes); diff != "" || outcomes[i].Err != nil {
			t.Errorf("picture %d: %s %v", i, diff, outcomes[i].Err)
		}
		if got := outcomes[i].Result.Timing; got.Total <= 0 || got != (Timing{Total: got.Total}) {
			t.Errorf("picture %d: times %+v", i, got)
		}
	}
	want := expect(t, open(t, write(t, randomModel(7)), Options{}), [][]byte{fresh})[0]
	if diff := cmp.Diff(want, outcomes[2].Result, ignoreTimes); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Bytes(t.Context(), text); err != nil {
		t.Errorf("one by one: %v", err)
	}
}

func TestErrorsAreNotCached(t *testing.T) {
	cache := newMemory()
	png := pictures(t, 1)[0]
	for name, m := range map[string]*Model{
		"text":     open(t, write(t, randomModel(2)), Options{Cache: cache, MaxPixels: 100}),
		"infinite": open(t, write(t, overflowing(2)), Options{Cache: cache}),
	} {
		s := m.Session(1)
		for _, data := range [][]byte{png, []byte("text")} {
			if _, err := s.Bytes(t.Context(), data); err == nil {
				t.Errorf("%s: no error", name)
			}
			if o := s.Batch(t.Context(), [][]byte{data}); o[0].Err == nil {
				t.Errorf("%s: no error in a batch", name)
			}
		}
		s.Close()
	}
	if cache.puts != 0 {
		t.Errorf("%d puts", cache.puts)
	}
}

func TestModelWithoutADigestIsNotCached(t *testing.T) {
	cache := newMemory()
	m := open(t, write(t, randomModel(2)), Options{Cache: cache})
	m.info.sum = func() string { return "" }
	m.recall = newRecall(m, Options{Cache: cache})
	list := pictures(t, 1)
	expect(t, m, slices.Concat(list, list))
	if cache.hits != 0 || cache.puts != 0 {
		t.Errorf("%d hits and %d puts", cache.hits, cache.puts)
	}
}

func TestSpoiledValuesAreMisses(t *testing.T) {
	cache := newMemory()
	m := open(t, write(t, randomModel(3)), Options{Cache: cache})
	list := pictures(t, 2)
	want := expect(t, m, list)
	key := m.recall.key(list[0])
	good := cache.values[key]
	spoiled := [][]byte{nil, good[:len(good)-1], append(slices.Clone(good), 0), cache.values[m.recall.key(list[1])]}
	for i := range good {
		b := slices.Clone(good)
		b[i] ^= 0x10
		spoiled = append(spoiled, b)
	}
	for i, value := range spoiled {
		if _, ok := decodeValue(key, value, 3, 0); ok {
			t.Errorf("value %d is taken", i)
		}
	}
	for _, value := range spoiled[:5] {
		cache.values[key] = value
		if diff := cmp.Diff(want[0], expect(t, m, list[:1])[0], ignoreTimes); diff != "" {
			t.Error(diff)
		}
		if !slices.Equal(cache.values[key], good) {
			t.Error("the spoiled value stays")
		}
	}
	if _, ok := decodeValue(key, good, 2, 0); ok {
		t.Error("a value of three classes is taken for two")
	}
}

// Whatever the body, under a checksum that fits, what is taken is what
// encodeValue writes.
func FuzzCacheValue(f *testing.F) {
	const key = "0123"
	for _, r := range []*Result{
		{Format: "jpeg", Width: 640, Height: 480, Logits: []float32{1, -2}},
		{Format: "", Width: 1, Height: 1, Damaged: true, Logits: []float32{0}, Embedding: []float32{1, 0, 3}},
	} {
		b := encodeValue(key, r)
		f.Add(b[len(valueFormat):len(b)-32], len(r.Logits), len(r.Embedding))
	}
	f.Fuzz(func(t *testing.T, body []byte, classes, features int) {
		if classes < 1 || classes > 10 || features < 0 || features > 10 {
			return
		}
		body = append([]byte(valueFormat), body...)
		value := append(body, checksum(key, body)...)
		r, ok := decodeValue(key, value, classes, features)
		if !ok {
			return
		}
		if len(r.Logits) != classes || checkFinite(r.Logits) != nil || len(r.Embedding) != features || checkFinite(r.Embedding) != nil {
			t.Fatalf("got %+v", r)
		}
		if diff := cmp.Diff(value, encodeValue(key, r)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSetupTellsItsPartsApart(t *testing.T) {
	path := write(t, randomModel(2))
	seen := map[string]bool{}
	for _, engine := range []string{"", "v1", "v1\n", "v1\ntier \"generic\""} {
		m := open(t, path, Options{Cache: newMemory(), Engine: engine})
		setup := m.recall.setup()
		if seen[setup] {
			t.Errorf("%q: an equal setup", engine)
		}
		seen[setup] = true
		if lines := strings.Count(setup, "\n"); lines != 20 {
			t.Errorf("%q: %d lines in\n%s", engine, lines, setup)
		}
	}
}
