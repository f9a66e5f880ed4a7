package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/effnet/effnet/internal/store"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

// official stands for weights as they are published: B0 with seeded weights,
// whose digest only the hub tells.
type official struct {
	server *httptest.Server
	file   string
	data   []byte
	sha256 string
}

const officialName = "b0@timm"

func newOfficial(t *testing.T) *official {
	t.Helper()
	data, err := officialBytes()
	if err != nil {
		t.Fatal(err)
	}
	o := &official{data: data, file: filepath.Join(t.TempDir(), "official.safetensors")}
	if err := os.WriteFile(o.file, o.data, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(o.data)
	o.sha256 = hex.EncodeToString(sum[:])
	o.server = httptest.NewServer(o)
	t.Cleanup(o.server.Close)
	return o
}

// officialBytes has goldens, so that a pull need not compute them.
var officialBytes = sync.OnceValues(func() ([]byte, error) {
	e, err := store.Find(officialName)
	if err != nil {
		return nil, err
	}
	v, err := model.Lookup(e.Variant)
	if err != nil {
		return nil, err
	}
	m := &weights.Model{Name: "seeded", Variant: v.Name, Params: model.Random(v.ParamSpecs(e.Classes), 1), Profile: profile.ImageNet(v.Resolution)}
	if err := profile.Parse(e.Profile, &m.Profile); err != nil {
		return nil, err
	}
	if err := addGolden(m); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = weights.Write(&b, m)
	return b.Bytes(), err
})

// addGolden is classify.Goldens with the fastest kernels: the portable ones
// would take minutes under the race detector.
func addGolden(m *weights.Model) error {
	var b bytes.Buffer
	if err := weights.Write(&b, m); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "bare.safetensors")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return err
	}
	c, err := classify.Open(path, classify.Options{Overrides: "crop=1"})
	if err != nil {
		return err
	}
	side := m.Profile.Resolution
	picture, pixels := image.NewNRGBA(image.Rect(0, 0, side, side)), []byte(nil)
	for i := range side * side {
		rgb := []byte{byte(i), byte(i / side), byte(i % 7 * 30)}
		pixels = append(pixels, rgb...)
		copy(picture.Pix[4*i:], append(rgb, 255))
	}
	r, err := c.Image(context.Background(), picture)
	if err != nil {
		return err
	}
	m.Goldens = []weights.Golden{{Pixels: pixels, Logits: r.Logits}}
	return nil
}

// ServeHTTP is a mirror; the first part of a path may ask for a fault.
func (o *official) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	w.Header().Set("ETag", `"v1"`)
	switch fault {
	case "missing":
		http.NotFound(w, r)
	case "http", "file":
		w.Header().Set("Location", fault+"://127.0.0.1/x")
		w.WriteHeader(http.StatusFound)
	case "silent":
		<-r.Context().Done()
	case "stuck": // half the file, then nothing
		w.Header().Set("Content-Length", "2000000")
		w.Write(o.data[:1_000_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	case "page":
		w.Write([]byte("<!DOCTYPE html><html>log in to the network first</html>"))
	default:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(o.data))
	}
}
