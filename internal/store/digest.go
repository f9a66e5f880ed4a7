package store

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// Digest is what a source publishes of a file's bytes, in hexadecimal. One of
// the fields is set.
type Digest struct {
	SHA256       string `json:"sha256,omitempty"`
	SHA256Prefix string `json:"sha256_prefix,omitempty"` // the first digits, from the file's name
	MD5          string `json:"md5,omitempty"`
	Hub          bool   `json:"hub,omitempty"` // the hub's answer carries the SHA-256
}

// String names the algorithm and the digits.
func (d Digest) String() string {
	switch {
	case d.SHA256 != "":
		return "sha256 " + d.SHA256
	case d.SHA256Prefix != "":
		return "sha256 " + d.SHA256Prefix + "…"
	case d.MD5 != "":
		return "md5 " + d.MD5
	}
	return "sha256 of the hub's answer"
}

// sums are the digests of bytes that were seen; written to as a hash.
type sums struct{ sha, md5 hash.Hash }

func newSums() *sums { return &sums{sha256.New(), md5.New()} }

func (s *sums) Write(p []byte) (int, error) {
	s.sha.Write(p)
	return s.md5.Write(p)
}

func (s *sums) sha256() string { return hex.EncodeToString(s.sha.Sum(nil)) }

// check compares with what was published. A digest that nobody has told yet
// is an error: nothing passes unverified.
func (d Digest) check(s *sums) error {
	sha, md := s.sha256(), hex.EncodeToString(s.md5.Sum(nil))
	switch {
	case d.SHA256 != "" && sha != d.SHA256:
		return &DigestError{"sha256 " + sha, d}
	case d.SHA256 == "" && d.SHA256Prefix != "" && !strings.HasPrefix(sha, d.SHA256Prefix):
		return &DigestError{"sha256 " + sha, d}
	case d.MD5 != "" && md != d.MD5:
		return &DigestError{"md5 " + md, d}
	case d.SHA256 == "" && d.SHA256Prefix == "" && d.MD5 == "":
		return fmt.Errorf("the answer carries no SHA-256, so the file cannot be verified")
	}
	return nil
}

// DigestError says that bytes are not those that were published.
type DigestError struct {
	Got  string
	Want Digest
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("wrong digest: %s, expected %s", e.Got, e.Want)
}
