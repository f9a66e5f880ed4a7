package models

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// A blob that changes must change PROVENANCE.md with it.
func TestProvenanceNamesTheDigest(t *testing.T) {
	text, err := os.ReadFile("PROVENANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(Lite0)
	if digest := hex.EncodeToString(sum[:]); !strings.Contains(string(text), digest) {
		t.Errorf("PROVENANCE.md does not name the SHA-256 of Lite0, %s", digest)
	}
}
