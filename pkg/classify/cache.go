package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/effnet/effnet/pkg/preprocess"
)

// Cache keeps what the model computed of pictures. A key is a SHA-256 in
// hexadecimal, 64 digits, of everything that the value depends on: the
// picture's bytes, the model file, how it is run, and Options.Engine. Values
// are checked when they come back, so a cache may lose or spoil them. Its
// methods are called from many goroutines.
type Cache interface {
	Get(key string) (value []byte, ok bool)
	Put(key string, value []byte) // says nothing where it cannot keep the value
}

// recall looks pictures up in a cache. nil has none, and costs nothing.
type recall struct {
	cache Cache
	setup func() string // what keys depend on besides the picture; empty: no caching
}

func newRecall(m *Model, o Options) *recall {
	if o.Cache == nil {
		return nil
	}
	return &recall{o.Cache, sync.OnceValue(func() string {
		setup := m.Setup(o.Engine)
		if setup == "" {
			return ""
		}
		return setup + fmt.Sprintf("cache %#v\nembedding %#v\n", valueFormat, m.embedding)
	})}
}

// Setup is a canonical text of all that a picture's numbers depend on besides
// its bytes, for those who keep what the model computes: the model file, how it
// is run, and engine, the version of the program. It is empty where the model
// file can not be read any more.
func (m *Model) Setup(engine string) string {
	digest := m.info.SHA256()
	if digest == "" {
		return ""
	}
	p, d := m.prof, m.decoding
	if d.MaxPixels == 0 {
		d.MaxPixels = preprocess.DefaultMaxPixels
	}
	var text strings.Builder
	for _, part := range []struct {
		name  string
		value any
	}{
		{"engine", engine}, {"architecture", runtime.GOARCH},
		{"tier", m.info.Tier}, {"precision", m.info.Precision},
		{"model", digest}, {"variant", m.info.Variant},
		{"padding", p.Padding}, {"bn_eps", p.BNEps}, {"mean", p.Mean}, {"std", p.Std},
		{"crop", p.Crop}, {"interpolation", p.Interpolation}, {"resolution", p.Resolution},
		{"way of cropping", m.crop}, {"max-pixels", d.MaxPixels}, {"no-exif", d.NoEXIF}, {"lenient", d.Lenient},
		{"scaling", d.Scaling},
	} {
		fmt.Fprintf(&text, "%s %#v\n", part.name, part.value)
	}
	return text.String()
}

// key is the picture's, empty where nothing is cached.
func (c *recall) key(picture []byte) string {
	if c == nil {
		return ""
	}
	setup := c.setup()
	if setup == "" {
		return ""
	}
	digest := sha256.Sum256(picture)
	sum := sha256.Sum256(fmt.Appendf(nil, "%spicture %x\n", setup, digest))
	return hex.EncodeToString(sum[:])
}

// put keeps what was computed; key may be empty.
func (c *recall) put(key string, r *Result) {
	if key != "" {
		c.cache.Put(key, encodeValue(key, r))
	}
}

// recalled is the result of a picture that was computed before, nil where it
// was not. Its key is empty where nothing is cached.
func (m *Model) recalled(picture []byte) (r *Result, key string) {
	start := time.Now()
	if key = m.recall.key(picture); key == "" {
		return nil, ""
	}
	value, ok := m.recall.cache.Get(key)
	if !ok {
		return nil, key
	}
	r, ok = decodeValue(key, value, m.plan.Classes(), m.kept())
	if !ok || m.conclude(r, r.Logits) != nil {
		return nil, key
	}
	r.Timing.Total = time.Since(start)
	return r, key
}
