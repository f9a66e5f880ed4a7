package pytorch

import "github.com/effnet/effnet/pkg/weights/state"

// Limits of one pickle. The largest network of the family with an optimizer's
// moments and averaged weights has a third of a million operations.
const (
	maxOps   = 1 << 20
	maxStack = 1 << 20
)

// machine runs one pickle: a stack, a memo, and no way to call anything.
type machine struct {
	in      []byte
	at      int
	stack   []any
	memo    map[uint64]any
	persist func(id any) (any, error) // resolves BINPERSID; nil refuses it
}

// unpickle reads the pickle at the start of data and says how long it is.
func unpickle(data []byte, persist func(any) (any, error)) (value any, length int, err error) {
	m := &machine{in: data, memo: map[uint64]any{}, persist: persist}
	for range maxOps {
		op, err := m.byte()
		if err != nil {
			return nil, 0, err
		}
		if op == opStop {
			value, err := m.pop()
			return value, m.at, err
		}
		if err := m.step(op); err != nil {
			return nil, 0, err
		}
		if len(m.stack) > maxStack {
			break
		}
	}
	return nil, 0, state.Refuse("the pickle has more than %d operations", maxOps)
}

// errEnd is a pickle that goes on behind the last byte.
var errEnd = state.Refuse("the pickle ends early: truncated or damaged")

func (m *machine) byte() (byte, error) {
	if m.at >= len(m.in) {
		return 0, errEnd
	}
	m.at++
	return m.in[m.at-1], nil
}

// take reads n bytes, which stay views of the input.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.in)-m.at) {
		return nil, errEnd
	}
	b := m.in[m.at : m.at+int(n)]
	m.at += int(n)
	return b, nil
}

// unsigned reads a little-endian integer of size bytes, at most 8.
func (m *machine) unsigned(size int) (uint64, error) {
	b, err := m.take(uint64(size))
	n := uint64(0)
	for i, c := range b {
		n |= uint64(c) << (8 * i)
	}
	return n, err
}

// sized reads a length of size bytes and that many bytes.
func (m *machine) sized(size int) (string, error) {
	n, err := m.unsigned(size)
	if err != nil {
		return "", err
	}
	b, err := m.take(n)
	return string(b), err
}

// line reads up to a newline.
func (m *machine) line() (string, error) {
	const most = 1024
	for i := m.at; i < min(len(m.in), m.at+most); i++ {
		if m.in[i] == '\n' {
			s := string(m.in[m.at:i])
			m.at = i + 1
			return s, nil
		}
	}
	return "", errEnd
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

func (m *machine) top() (any, error) {
	if len(m.stack) == 0 {
		return nil, malformed("the stack is empty")
	}
	return m.stack[len(m.stack)-1], nil
}

func (m *machine) pop() (any, error) {
	v, err := m.top()
	if err != nil {
		return nil, err
	}
	if _, ok := v.(mark); ok {
		return nil, malformed("a mark in place of a value")
	}
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// popMark takes all that was pushed since the last mark; a view of the stack.
func (m *machine) popMark() ([]any, error) {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if _, ok := m.stack[i].(mark); ok {
			items := m.stack[i+1:]
			m.stack = m.stack[:i]
			return items, nil
		}
	}
	return nil, malformed("no mark on the stack")
}

// remember puts the top of the stack into the memo.
func (m *machine) remember(i uint64) error {
	v, err := m.top()
	if err == nil {
		m.memo[i] = v
	}
	return err
}

func (m *machine) recall(i uint64) error {
	v, ok := m.memo[i]
	if !ok {
		return malformed("nothing was stored under %d", i)
	}
	m.push(v)
	return nil
}
