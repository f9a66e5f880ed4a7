package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds what one record may claim of memory when it is read back: a thousand
// predictions take about 150 kB.
const maxLine = 64 << 20

var errLongLine = fmt.Errorf("longer than %d bytes", maxLine)

// ReadJSONL calls each with every record of a jsonl document, in order; an error of
// each ends it and is returned as it is. Fields that are not known are passed over, as
// are empty lines. Any other line that is no record is an error that gives its number.
func ReadJSONL(r io.Reader, each func(Record) error) error {
	n := 0
	var stopped error
	_, err := scanLines(r, false, func(_ int64, line []byte, whole bool) error {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		e, err := decodeJSON(line)
		if err != nil && !whole && !json.Valid(line) {
			return errors.New("torn: the file ends inside of a record")
		}
		if err != nil {
			return err
		}
		stopped = each(e.Record)
		return stopped
	})
	if err != nil && stopped == nil {
		return fmt.Errorf("line %d: %w", max(n, 1), err)
	}
	return stopped
}

// scanLines calls each with every line, without its end, and the offset that it starts
// at; whole is false for a last line that has no end. The bytes are valid during the
// call. With quoted, a line does not end inside of quotation marks, as in csv. It returns
// the offset after the last whole line.
func scanLines(r io.Reader, quoted bool, each func(at int64, line []byte, whole bool) error) (end int64, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var long []byte
	open := false
	for {
		piece, err := in.ReadSlice('\n')
		if len(long)+len(piece) > maxLine {
			return end, errLongLine
		}
		if quoted {
			open = open != (bytes.Count(piece, []byte{'"'})%2 == 1)
		}
		if err == bufio.ErrBufferFull || err == nil && open {
			long = append(long, piece...)
			continue
		}
		line := piece
		if len(long) > 0 {
			long = append(long, piece...)
			line = long
		}
		if err != nil && err != io.EOF {
			return end, err
		}
		if err == io.EOF {
			if len(line) == 0 {
				return end, nil
			}
			return end, each(end, line, false)
		}
		if err := each(end, line[:len(line)-1], true); err != nil {
			return end, err
		}
		end += int64(len(line))
		long = long[:0]
	}
}
