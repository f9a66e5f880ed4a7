package keras

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"

	"github.com/effnet/effnet/pkg/weights/state"
)

// What a .keras file holds.
const (
	zipMagic    = "PK\x03\x04"
	configName  = "config.json"
	weightsName = "model.weights.h5"
)

// Keras stores members as they are. Where another tool compressed them, weights
// shrink little: what unpacks to more is no network.
const (
	maxConfig    = 64 << 20 // bytes
	maxExpansion = 8
	freeBytes    = 64 << 20
	encrypted    = 1
)

// unzip finds configuration and weights. Stored members are not copied.
func unzip(data []byte) (config, weights []byte, err error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, nil, state.Refuse("a .keras archive that is damaged: %v", err)
	}
	for _, f := range r.File {
		var into *[]byte
		most := freeBytes + maxExpansion*f.CompressedSize64
		switch f.Name {
		case configName:
			into, most = &config, maxConfig
		case weightsName:
			into = &weights
		default:
			continue
		}
		if *into != nil {
			return nil, nil, state.Refuse("a .keras archive with two members named %s", f.Name)
		}
		if *into, err = member(data, f, most); err != nil {
			return nil, nil, err
		}
	}
	if weights == nil || config == nil {
		return nil, nil, state.Refuse("a zip archive without %s and %s: not a .keras file", configName, weightsName)
	}
	return config, weights, nil
}

func member(data []byte, f *zip.File, most uint64) ([]byte, error) {
	switch {
	case f.Flags&encrypted != 0:
		return nil, state.Refuse("%s in the archive is encrypted", f.Name)
	case f.UncompressedSize64 > most:
		return nil, state.Refuse("%s in the archive claims %d bytes, packed in %d", f.Name, f.UncompressedSize64, f.CompressedSize64)
	}
	if f.Method == zip.Store {
		return stored(data, f)
	}
	r, err := f.Open()
	if err != nil {
		return nil, state.Refuse("%s in the archive: %v", f.Name, err)
	}
	defer r.Close()
	var b bytes.Buffer // grows with what is there, whatever is claimed
	if _, err := io.Copy(&b, io.LimitReader(r, int64(f.UncompressedSize64)+1)); err != nil {
		return nil, state.Refuse("%s in the archive is damaged: %v", f.Name, err)
	}
	return b.Bytes(), nil
}

func stored(data []byte, f *zip.File) ([]byte, error) {
	at, err := f.DataOffset()
	if err != nil || at < 0 || at > int64(len(data)) || f.UncompressedSize64 > uint64(int64(len(data))-at) ||
		f.CompressedSize64 != f.UncompressedSize64 {
		return nil, state.Refuse("%s in the archive reaches beyond its end", f.Name)
	}
	b := data[at : at+int64(f.UncompressedSize64)]
	if crc32.ChecksumIEEE(b) != f.CRC32 {
		return nil, state.Refuse("%s in the archive is damaged: wrong checksum", f.Name)
	}
	return b, nil
}
