package hdf5

// Messages of object headers that this reader looks at.
const (
	msgDataspace     = 0x01
	msgLinkInfo      = 0x02
	msgDatatype      = 0x03
	msgLink          = 0x06
	msgExternalFiles = 0x07
	msgLayout        = 0x08
	msgFilters       = 0x0b
	msgAttribute     = 0x0c
	msgContinuation  = 0x10
	msgSymbolTable   = 0x11
	msgAttributeInfo = 0x15
)

// Flags of a message.
const (
	flagShared   = 0x02 // the data is somewhere else
	flagMustKnow = 0x80 // whoever does not know the message must not go on
)

// message is one message of an object header.
type message struct {
	kind uint16
	data []byte
}

// header is what an object is made of: a group or a dataset.
type header struct {
	at       uint64
	messages []message
}

// first finds a message by its kind; nil where there is none.
func (h *header) first(kind uint16) []byte {
	for _, m := range h.messages {
		if m.kind == kind {
			return m.data
		}
	}
	return nil
}

// extent is where a part of an object header lies.
type extent struct{ at, size uint64 }

// header reads the object header at an address, with all its continuations.
func (f *File) header(at uint64) (*header, error) {
	start, err := f.block("object header", at, 4)
	if err != nil {
		return nil, err
	}
	p := headerParser{f: f, header: &header{at: at}, seen: map[uint64]bool{at: true}}
	if string(start) == "OHDR" {
		err = p.version2(at)
	} else {
		err = p.version1(at)
	}
	return p.header, err
}

type headerParser struct {
	f        *File
	header   *header
	pending  []extent
	seen     map[uint64]bool
	messages int  // version 1: how many are left
	ordered  bool // version 2: messages tell their creation order
}

// next is the first continuation that has not been read.
func (p *headerParser) next() (extent, bool, error) {
	if len(p.pending) == 0 {
		return extent{}, false, nil
	}
	e := p.pending[0]
	p.pending = p.pending[1:]
	if p.seen[e.at] {
		return e, false, refuse("object header at %d continues at %d for a second time", p.header.at, e.at)
	}
	p.seen[e.at] = true
	return e, true, nil
}

// version1 is a prefix of 16 bytes, then messages aligned to 8 bytes.
func (p *headerParser) version1(at uint64) error {
	b, err := p.f.block("object header", at, 16)
	if err != nil {
		return err
	}
	c := cursor{b: b}
	if version := c.u8(); version != 1 {
		return refuse("object header at %d has version %d, which this reader does not know", at, version)
	}
	c.skip(1)
	p.messages = int(c.u16())
	c.skip(4)
	p.pending = append(p.pending, extent{at + 16, uint64(c.u32())})
	for {
		e, ok, err := p.next()
		if !ok {
			return err
		}
		if b, err = p.f.block("object header", e.at, e.size); err != nil {
			return err
		}
		c := cursor{b: b}
		for ; len(c.rest()) >= 8 && p.messages > 0; p.messages-- {
			kind, size, flags := c.u16(), c.u16(), c.u8()
			c.skip(3)
			if err := p.add(kind, flags, uint64(size), &c); err != nil {
				return err
			}
		}
	}
}

// version2 is a prefix of up to 34 bytes, messages without alignment and a
// checksum; continuations have a signature and a checksum of their own.
func (p *headerParser) version2(at uint64) error {
	const longest = 4 + 1 + 1 + 16 + 4 + 8
	available := uint64(len(p.f.data)) - at // header looked there already
	c, err := p.f.structure("object header", "OHDR", 2, at, min(longest, available))
	if err != nil {
		return err
	}
	flags := c.u8()
	p.ordered = flags&0x04 != 0
	if flags&0x20 != 0 {
		c.skip(16) // times
	}
	if flags&0x10 != 0 {
		c.skip(4) // when attributes become dense
	}
	size := c.uint(1 << (flags & 3))
	if err := c.end("object header"); err != nil {
		return err
	}
	if size > uint64(len(p.f.data)) {
		return refuse("object header at %d claims %d bytes, more than the file has", at, size)
	}
	prefix := uint64(c.at)
	if c, err = p.f.checked("object header", "OHDR", 2, at, prefix+size+4); err != nil {
		return err
	}
	c.at = int(prefix)
	for {
		if err := p.packed(c); err != nil {
			return err
		}
		e, ok, err := p.next()
		if !ok {
			return err
		}
		if e.size < 8 {
			return refuse("object header at %d continues with %d bytes", at, e.size)
		}
		if c, err = p.continuation(e); err != nil {
			return err
		}
	}
}

// continuation has no version behind its signature.
func (p *headerParser) continuation(e extent) (*cursor, error) {
	const what = "continuation of an object header"
	b, err := p.f.block(what, e.at, e.size)
	if err != nil {
		return nil, err
	}
	body := b[:e.size-4]
	if string(body[:4]) != "OCHK" {
		return nil, refuse("%s at %d starts with %q, expected %q", what, e.at, body[:4], "OCHK")
	}
	sum := cursor{b: b, at: len(body)}
	return &cursor{b: body, at: 4}, p.f.checksum(what, body, sum.u32())
}

// packed reads the messages of version 2; a gap too short for one may follow.
func (p *headerParser) packed(c *cursor) error {
	prefix := 4
	if p.ordered {
		prefix = 6
	}
	for len(c.rest()) >= prefix {
		kind, size, flags := uint16(c.u8()), c.u16(), c.u8()
		if p.ordered {
			c.skip(2)
		}
		if err := p.add(kind, flags, uint64(size), c); err != nil {
			return err
		}
	}
	return nil
}

func (p *headerParser) add(kind uint16, flags uint8, size uint64, c *cursor) error {
	data := c.take(size)
	if err := c.end("message of an object header"); err != nil {
		return err
	}
	switch {
	case flags&flagShared != 0 && kind >= msgDataspace && kind <= msgAttributeInfo:
		return refuse("object header at %d shares its message %#x with others, which this reader does not know", p.header.at, kind)
	case flags&flagMustKnow != 0 && kind > msgAttributeInfo:
		return refuse("object header at %d has a message of kind %#x, which this reader does not know", p.header.at, kind)
	case kind == msgContinuation:
		c := cursor{b: data}
		p.pending = append(p.pending, extent{c.u64(), c.u64()})
		return c.end("continuation of an object header")
	}
	p.header.messages = append(p.header.messages, message{kind, data})
	return nil
}
