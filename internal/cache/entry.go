package cache

import (
	"bytes"
	"crypto/sha256"
	"regexp"
)

// A file is the word magic, the SHA-256 of the key and the value, and the value.
const (
	magic    = "effnet/cache/v1\n"
	sealSize = len(magic) + sha256.Size
)

const temporarySuffix = ".tmp"

var (
	keyName       = regexp.MustCompile(`^[0-9a-f]{64}$`)
	folderName    = regexp.MustCompile(`^[0-9a-f]{2}$`)
	entryName     = regexp.MustCompile(`^[0-9a-f]{62}$`)
	temporaryName = regexp.MustCompile(`^[0-9a-f]{62}\.[A-Z2-7]{26}\.tmp$`)
)

// nameOf is the file of a key, which must be 64 lower-case hexadecimal digits.
func nameOf(key string) (name string, ok bool) {
	if !keyName.MatchString(key) {
		return "", false
	}
	return key[:2] + "/" + key[2:], true
}

func seal(key string, value []byte) []byte {
	b := make([]byte, 0, sealSize+len(value))
	b = append(b, magic...)
	b = append(b, sum(key, value)...)
	return append(b, value...)
}

// unseal refuses what seal does not write for the key.
func unseal(key string, data []byte) (value []byte, ok bool) {
	if len(data) < sealSize || len(data) > maxEntry || string(data[:len(magic)]) != magic {
		return nil, false
	}
	value = data[sealSize:]
	return value, bytes.Equal(data[len(magic):sealSize], sum(key, value))
}

func sum(key string, value []byte) []byte {
	h := sha256.New()
	h.Write([]byte(key))
	h.Write(value)
	return h.Sum(nil)
}
