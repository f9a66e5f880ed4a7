package pytorch

import (
	"math"
	"slices"

	"github.com/effnet/effnet/pkg/weights/state"
)

// The opcodes of pickle's protocols 2 to 5 that data needs, as Python's
// pickletools names them.
const (
	opMark            = '('
	opStop            = '.'
	opPop             = '0'
	opPopMark         = '1'
	opBinFloat        = 'G'
	opBinInt          = 'J'
	opBinInt1         = 'K'
	opBinInt2         = 'M'
	opNone            = 'N'
	opBinPersID       = 'Q'
	opReduce          = 'R'
	opBinString       = 'T'
	opShortBinString  = 'U'
	opBinUnicode      = 'X'
	opEmptyList       = ']'
	opAppend          = 'a'
	opBuild           = 'b'
	opGlobal          = 'c'
	opDict            = 'd'
	opAppends         = 'e'
	opBinGet          = 'h'
	opLongBinGet      = 'j'
	opList            = 'l'
	opBinPut          = 'q'
	opLongBinPut      = 'r'
	opSetItem         = 's'
	opTuple           = 't'
	opEmptyTuple      = ')'
	opSetItems        = 'u'
	opEmptyDict       = '}'
	opBinBytes        = 'B'
	opShortBinBytes   = 'C'
	opProto           = 0x80
	opNewObj          = 0x81
	opTuple1          = 0x85
	opTuple2          = 0x86
	opTuple3          = 0x87
	opNewTrue         = 0x88
	opNewFalse        = 0x89
	opLong1           = 0x8a
	opLong4           = 0x8b
	opShortBinUnicode = 0x8c
	opBinUnicode8     = 0x8d
	opBinBytes8       = 0x8e
	opEmptySet        = 0x8f
	opAddItems        = 0x90
	opFrozenSet       = 0x91
	opStackGlobal     = 0x93
	opMemoize         = 0x94
	opFrame           = 0x95
	opByteArray8      = 0x96
)

// step does one operation other than STOP.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		version, err := m.byte()
		if err == nil && version > 5 {
			err = malformed("protocol %d is not known", version)
		}
		return err
	case opFrame:
		_, err := m.unsigned(8)
		return err
	case opMark:
		m.push(mark{})
	case opPop: // a mark too, as Python does
		if _, err := m.top(); err != nil {
			return err
		}
		m.stack = m.stack[:len(m.stack)-1]
	case opPopMark:
		_, err := m.popMark()
		return err
	case opNone:
		m.push(nil)
	case opNewTrue, opNewFalse:
		m.push(op == opNewTrue)
	case opBinInt1, opBinInt2, opBinInt, opLong1, opLong4, opBinFloat:
		return m.number(op)
	case opBinPut, opLongBinPut, opMemoize, opBinGet, opLongBinGet:
		return m.memory(op)
	case opGlobal, opStackGlobal, opReduce, opNewObj, opBuild, opBinPersID:
		return m.object(op)
	case opEmptyTuple, opTuple1, opTuple2, opTuple3, opTuple, opEmptyList, opList, opEmptyDict, opDict,
		opEmptySet, opFrozenSet, opAppend, opAppends, opAddItems, opSetItem, opSetItems:
		return m.container(op)
	default:
		return m.text(op)
	}
	return nil
}

func (m *machine) number(op byte) error {
	switch op {
	case opBinInt1, opBinInt2:
		n, err := m.unsigned(int(op-opBinInt1)/2 + 1) // K: 1, M: 2
		m.push(int64(n))
		return err
	case opBinInt:
		n, err := m.unsigned(4)
		m.push(int64(int32(n)))
		return err
	case opBinFloat:
		b, err := m.take(8)
		bits := uint64(0)
		for _, c := range b {
			bits = bits<<8 | uint64(c)
		}
		m.push(math.Float64frombits(bits))
		return err
	}
	size := 1
	if op == opLong4 {
		size = 4
	}
	digits, err := m.sized(size)
	m.push(integer(digits))
	return err
}

// integer reads little-endian two's complement.
func integer(digits string) any {
	if len(digits) > 8 {
		return long(digits)
	}
	n := uint64(0)
	for i := range len(digits) {
		n |= uint64(digits[i]) << (8 * i)
	}
	unused := 64 - 8*len(digits)
	return int64(n<<unused) >> unused
}

func (m *machine) memory(op byte) error {
	if op == opMemoize {
		return m.remember(uint64(len(m.memo)))
	}
	size := 1
	if op == opLongBinPut || op == opLongBinGet {
		size = 4
	}
	i, err := m.unsigned(size)
	switch {
	case err != nil:
		return err
	case op == opBinPut || op == opLongBinPut:
		return m.remember(i)
	}
	return m.recall(i)
}

// text pushes strings and bytes.
func (m *machine) text(op byte) error {
	size := 0
	switch op {
	case opShortBinUnicode, opShortBinString, opShortBinBytes:
		size = 1
	case opBinUnicode, opBinString, opBinBytes:
		size = 4
	case opBinUnicode8, opBinBytes8, opByteArray8:
		size = 8
	default:
		return malformed("operation 0x%02x at byte %d has no place in weights", op, m.at-1)
	}
	s, err := m.sized(size)
	switch op {
	case opShortBinBytes, opBinBytes, opBinBytes8, opByteArray8:
		m.push(raw(s))
	default: // Python 2 wrote the keys of a state dict as plain strings
		m.push(s)
	}
	return err
}

func (m *machine) container(op byte) error {
	switch op {
	case opEmptyTuple, opTuple1, opTuple2, opTuple3:
		n := 0
		if op != opEmptyTuple {
			n = int(op-opTuple1) + 1
		}
		items := make(tuple, n)
		for i := n - 1; i >= 0; i-- {
			var err error
			if items[i], err = m.pop(); err != nil {
				return err
			}
		}
		m.push(items)
		return nil
	case opEmptyList:
		m.push(&list{})
		return nil
	case opEmptyDict:
		m.push(newDict())
		return nil
	case opEmptySet:
		m.push(&opaque{"set"})
		return nil
	case opAppend, opSetItem:
		return m.fillOne(op)
	}
	items, err := m.popMark()
	if err != nil {
		return err
	}
	switch op {
	case opTuple:
		m.push(tuple(slices.Clone(items)))
	case opList:
		m.push(&list{slices.Clone(items)})
	case opFrozenSet:
		m.push(&opaque{"frozenset"})
	case opDict:
		d := newDict()
		m.push(d)
		return setAll(d, slices.Clone(items))
	default:
		into, err := m.top()
		if err != nil {
			return err
		}
		return fill(into, items)
	}
	return nil
}

// fillOne is APPEND and SETITEM.
func (m *machine) fillOne(op byte) error {
	n := 1
	if op == opSetItem {
		n = 2
	}
	items := make([]any, n)
	for i := n - 1; i >= 0; i-- {
		var err error
		if items[i], err = m.pop(); err != nil {
			return err
		}
	}
	into, err := m.top()
	if err != nil {
		return err
	}
	return fill(into, items)
}

// fill adds items to a list, or keys and values to a dict.
func fill(into any, items []any) error {
	switch into := into.(type) {
	case *list:
		into.items = append(into.items, items...)
	case *dict:
		return setAll(into, items)
	case *opaque:
	default:
		return malformed("items for something that has none")
	}
	return nil
}

func setAll(d *dict, items []any) error {
	if len(items)%2 != 0 {
		return malformed("a key without a value")
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return nil
}

// object handles names and what is made of them.
func (m *machine) object(op byte) error {
	switch op {
	case opGlobal:
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		return m.pushGlobal(module, name)
	case opBinPersID:
		id, err := m.pop()
		if err != nil {
			return err
		}
		if m.persist == nil {
			return malformed("a reference to something outside of it")
		}
		v, err := m.persist(id)
		m.push(v)
		return err
	}
	arg, err := m.pop()
	if err != nil {
		return err
	}
	if op == opBuild { // attributes: nothing that tensors need
		_, err := m.top()
		return err
	}
	callee, err := m.pop()
	if err != nil {
		return err
	}
	if op == opStackGlobal {
		module, ok1 := callee.(string)
		name, ok2 := arg.(string)
		if !ok1 || !ok2 {
			return malformed("a global whose name is no string")
		}
		return m.pushGlobal(module, name)
	}
	return m.make(callee, arg)
}

func (m *machine) pushGlobal(module, name string) error {
	g, err := findGlobal(module, name)
	m.push(g)
	return err
}

// make is REDUCE and NEWOBJ.
func (m *machine) make(callee, arg any) error {
	g, ok := callee.(*global)
	if !ok {
		return malformed("something other than a global is called")
	}
	args, ok := arg.(tuple)
	if !ok {
		return malformed("%s without a tuple of arguments", g.name)
	}
	if g.make == nil {
		return state.Refuse("the pickle calls %s, which weights have no need of", g.name)
	}
	v, err := g.make(args)
	m.push(v)
	return err
}
