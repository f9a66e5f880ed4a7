package preprocess

import (
	"bytes"
	"slices"
)

// relabelled is a TIFF file under another directory, which lies where the file
// itself cannot reach, so that a block beyond the file's end stays one.
type relabelled struct {
	*bytes.Reader     // the file
	header, directory []byte
}

const relabelledAt = 1<<32 - 1<<20 // the offset of the directory

// ReadAt reads the header and the directory from their replacements.
func (r relabelled) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= relabelledAt {
		return bytes.NewReader(r.directory).ReadAt(p, offset-relabelledAt)
	}
	n, err := r.Reader.ReadAt(p, offset)
	if offset < int64(len(r.header)) {
		copy(p[:n], r.header[offset:])
	}
	return n, err
}

// label is a tag and the one value that it gets.
type label struct {
	tag   uint16
	value uint32
}

// relabel gives the file under a directory that has the labels in place of its own.
func relabel(d directory, labels ...label) relabelled {
	var entries [][]byte
	for _, l := range labels {
		e := make([]byte, entryLen)
		d.order.PutUint16(e, l.tag)
		d.order.PutUint16(e[2:], typeLong)
		d.order.PutUint32(e[4:], 1)
		d.order.PutUint32(e[8:], l.value)
		entries = append(entries, e)
	}
	replaced := func(tag uint16) bool {
		return slices.ContainsFunc(labels, func(l label) bool { return l.tag == tag })
	}
	for e := range slices.Chunk(d.entries, entryLen) {
		if !replaced(d.order.Uint16(e)) {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b []byte) int { return int(d.order.Uint16(a)) - int(d.order.Uint16(b)) })
	count := make([]byte, entryCountLen)
	d.order.PutUint16(count, uint16(len(entries)))
	header := bytes.Clone(d.data[:tiffHeaderLen])
	d.order.PutUint32(header[4:], relabelledAt)
	return relabelled{bytes.NewReader(d.data), header, bytes.Join(append([][]byte{count}, entries...), nil)}
}
