package classify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"sync"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

// Info tells what a model is.
type Info struct {
	Name        string // full name, or the file as it was given to Open
	Variant     string
	Classes     int
	Precision   string // "f32"
	Tier        string // of the kernels: generic, avx2, avx512 or neon
	Profile     profile.Profile
	Labels      []weights.Label // [Classes]
	Other       weights.Label   // of a single output with two labels: what a low value means
	Source      string
	License     string
	Temperature float64  // what logits are divided by before the softmax; 0 stands for 1
	Scheme      string   // whose names a foreign file has, such as "timm"; empty for this project's own
	Assumed     []string // what the file does not tell and a default decided, a line each

	sum func() string
}

// SHA256 is the digest of the model file's bytes in hexadecimal. The first
// call may take some milliseconds.
func (i Info) SHA256() string { return i.sum() }

// Info describes the model as it was opened, with all overrides.
func (m *Model) Info() Info {
	info := m.info
	info.Labels = slices.Clone(info.Labels)
	return info
}

// Plan is the compiled network, for those who run tensors or look at its
// steps.
func (m *Model) Plan() *model.Plan { return m.plan }

// digest gives the SHA-256 of a model's bytes when it is asked for. Of a file
// it is computed at once on the side, so that its bytes need not be kept.
func digest(name string, data []byte) func() string {
	sum := sync.OnceValue(func() string { return sumOf(bytes.NewReader(data)) })
	if _, inside := embedded[name]; !inside {
		go sum()
	}
	return sum
}

// sumOf is a SHA-256 in hexadecimal, empty where r cannot be read to its end.
func sumOf(r io.Reader) string {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}
