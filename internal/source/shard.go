package source

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxShards bounds the count of shards.
const maxShards = 1_000_000

// Shard is one of Count parts of a stream, Index counting from 1. The zero value is the
// whole stream.
type Shard struct{ Index, Count int }

// ParseShard reads "I/N", 1 ≤ I ≤ N ≤ 1000000.
func ParseShard(s string) (Shard, error) {
	index, count, found := strings.Cut(s, "/")
	i, errI := strconv.ParseUint(index, 10, 32)
	n, errN := strconv.ParseUint(count, 10, 32)
	sh := Shard{int(i), int(n)}
	if !found || errI != nil || errN != nil || sh == (Shard{}) {
		return Shard{}, errors.New("shard " + quote(s) + ": write I/N, such as 1/4 for the first of four")
	}
	return sh, sh.validate()
}

func (s Shard) validate() error {
	switch {
	case s == Shard{}:
		return nil
	case s.Count < 1 || s.Count > maxShards:
		return fmt.Errorf("shard %v: the number of shards is 1 to %d", s, maxShards)
	case s.Index < 1 || s.Index > s.Count:
		return fmt.Errorf("shard %v: the first number is 1 to %d", s, s.Count)
	}
	return nil
}

// String is "I/N", and "1/1" of the whole.
func (s Shard) String() string {
	if s == (Shard{}) {
		return "1/1"
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// Holds tells whether the input with this path belongs to the shard: the FNV-1a hash of
// its bytes, mixed by the finaliser of SplitMix64, modulo Count, plus 1. It depends on
// nothing else.
func (s Shard) Holds(path string) bool {
	if s.Count <= 1 {
		return true
	}
	h := uint64(0xcbf29ce484222325)
	for i := range len(path) {
		h = (h ^ uint64(path[i])) * 0x100000001b3
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	h ^= h >> 31
	return int(h%uint64(s.Count)) == s.Index-1
}
