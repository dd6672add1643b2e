package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// What stands on the stack beside nil, bool, int, string and []byte.
type (
	mark   struct{}
	tuple  []any
	list   struct{ items []any }
	global struct{ module, name string }
)

// pickle is the machine.
type pickle struct {
	program []byte
	stack   []any
	memo    map[int]any
	torch   bool // torch.save's instructions and calls are known too
}

// run runs the program up to its STOP.
func (m *pickle) run() (any, error) {
	m.memo = map[int]any{}
	for {
		op, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == '.' {
			return m.pop()
		}
		if err := m.step(op[0]); err != nil {
			return nil, err
		}
	}
}

// step carries out one instruction, named as in Python's pickletools.
func (m *pickle) step(op byte) error {
	if m.torch {
		if known, err := m.torchStep(op); known {
			return err
		}
	}
	switch op {
	case '\x80', '\x95': // PROTO, FRAME
		_, err := m.take(map[byte]int{'\x80': 1, '\x95': 8}[op])
		return err
	case 'N': // NONE
		m.push(nil)
	case '\x88', '\x89': // NEWTRUE, NEWFALSE
		m.push(op == '\x88')
	case '(': // MARK
		m.push(mark{})
	case ')': // EMPTY_TUPLE
		m.push(tuple{})
	case ']': // EMPTY_LIST
		m.push(&list{})
	case 'K', 'M', 'J', '\x8a': // BININT1, BININT2, BININT, LONG1
		return m.integer(op)
	case '\x8c', 'X', 'U', 'T': // SHORT_BINUNICODE, BINUNICODE, SHORT_BINSTRING, BINSTRING
		b, err := m.sized(map[byte]int{'\x8c': 1, 'X': 4, 'U': 1, 'T': 4}[op])
		m.push(string(b))
		return err
	case 'C', 'B', '\x8e': // SHORT_BINBYTES, BINBYTES, BINBYTES8
		b, err := m.sized(map[byte]int{'C': 1, 'B': 4, '\x8e': 8}[op])
		m.push(b)
		return err
	case '\x85', '\x86', '\x87', 't', 'a', 'e': // TUPLE1 to 3, TUPLE, APPEND, APPENDS
		return m.collect(op)
	case 'q', 'r', '\x94', 'h', 'j': // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
		return m.remember(op)
	case 'c', '\x93', 'R', 'b': // GLOBAL, STACK_GLOBAL, REDUCE, BUILD
		return m.make(op)
	default:
		return fmt.Errorf("instruction 0x%02x", op)
	}
	return nil
}

func (m *pickle) push(v any) { m.stack = append(m.stack, v) }

var errPickle = errors.New("a broken pickle")

func (m *pickle) pop() (any, error) {
	if len(m.stack) == 0 {
		return nil, errPickle
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// pops is the topmost n values, from below.
func (m *pickle) pops(n int) ([]any, error) {
	if n > len(m.stack) {
		return nil, errPickle
	}
	at := len(m.stack) - n
	out := slices.Clone(m.stack[at:])
	m.stack = m.stack[:at]
	return out, nil
}

// toMark is the values above the topmost mark, which goes too.
func (m *pickle) toMark() ([]any, error) {
	for n := 0; n < len(m.stack); n++ {
		if _, is := m.stack[len(m.stack)-1-n].(mark); is {
			out, err := m.pops(n)
			m.stack = m.stack[:len(m.stack)-1]
			return out, err
		}
	}
	return nil, errPickle
}

// take is the next n bytes of the program.
func (m *pickle) take(n int) ([]byte, error) {
	if n < 0 || n > len(m.program) {
		return nil, errPickle
	}
	out := m.program[:n:n]
	m.program = m.program[n:]
	return out, nil
}

// number is the next n bytes as an unsigned number.
func (m *pickle) number(n int) (int, error) {
	b, err := m.take(n)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return int(binary.LittleEndian.Uint64(wide[:])), nil
}

// sized is bytes whose number stands before them, in n bytes.
func (m *pickle) sized(n int) ([]byte, error) {
	size, err := m.number(n)
	if err != nil {
		return nil, err
	}
	return m.take(size)
}

func (m *pickle) integer(op byte) error {
	n := map[byte]int{'K': 1, 'M': 2, 'J': 4}[op]
	if op == '\x8a' {
		var err error
		if n, err = m.number(1); err != nil {
			return err
		}
		if n > 8 {
			return errPickle
		}
	}
	v, err := m.number(n)
	if signed := op == 'J' || op == '\x8a'; signed && n > 0 && n < 8 {
		shift := 64 - 8*n
		v = v << shift >> shift
	}
	m.push(v)
	return err
}

func (m *pickle) collect(op byte) error {
	var items []any
	var err error
	switch op {
	case 't', 'e':
		items, err = m.toMark()
	case 'a':
		items, err = m.pops(1)
	default:
		items, err = m.pops(int(op-'\x85') + 1)
	}
	if err != nil {
		return err
	}
	if op != 'a' && op != 'e' {
		m.push(tuple(items))
		return nil
	}
	if len(m.stack) == 0 {
		return errPickle
	}
	l, ok := m.stack[len(m.stack)-1].(*list)
	if !ok {
		return errPickle
	}
	l.items = append(l.items, items...)
	return nil
}

func (m *pickle) remember(op byte) error {
	at, err := len(m.memo), error(nil)
	if op != '\x94' {
		at, err = m.number(map[byte]int{'q': 1, 'h': 1, 'r': 4, 'j': 4}[op])
	}
	if err != nil {
		return err
	}
	if op == 'h' || op == 'j' {
		v, ok := m.memo[at]
		if !ok {
			return errPickle
		}
		m.push(v)
		return nil
	}
	if len(m.stack) == 0 {
		return errPickle
	}
	m.memo[at] = m.stack[len(m.stack)-1]
	return nil
}

// make carries out what names, calls and fills objects.
func (m *pickle) make(op byte) error {
	if op == 'c' {
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		m.push(global{module, name})
		return err
	}
	two, err := m.pops(2)
	if err != nil {
		return err
	}
	switch op {
	case '\x93':
		module, ok := two[0].(string)
		name, alsoOK := two[1].(string)
		if !ok || !alsoOK {
			return errPickle
		}
		m.push(global{module, name})
		return nil
	case 'R':
		v, err := m.call(two[0], two[1])
		m.push(v)
		return err
	}
	m.push(two[0])
	return build(two[0], two[1])
}

func (m *pickle) line() (string, error) {
	i := slices.Index(m.program, '\n')
	b, err := m.take(i + 1)
	if i < 0 || err != nil {
		return "", errPickle
	}
	return string(b[:i]), nil
}

// call evaluates a call of a function of NumPy, or of torch in its files. Any other function
// is an error: a pickle may name any, and none is run.
func (m *pickle) call(function, arguments any) (any, error) {
	g, ok := function.(global)
	args, alsoOK := arguments.(tuple)
	if !ok || !alsoOK {
		return nil, errPickle
	}
	if m.torch {
		if v, done, err := torchCall(g, args); done {
			return v, err
		}
	}
	switch g {
	case global{"numpy.core.multiarray", "_reconstruct"}, global{"numpy._core.multiarray", "_reconstruct"}:
		return &ndarray{}, nil
	case global{"numpy", "dtype"}:
		if len(args) > 0 {
			if name, ok := args[0].(string); ok {
				return &dtype{name: name}, nil
			}
		}
		return nil, errPickle
	}
	return nil, fmt.Errorf("a call of %s.%s", g.module, g.name)
}

// build fills an object by its state.
func build(object, state any) error {
	if _, is := object.(*dict); is {
		return nil // attributes of an EasyDict are its entries once more
	}
	s, ok := state.(tuple)
	if !ok || len(s) < 2 {
		return errPickle
	}
	switch o := object.(type) {
	case *dtype: // version, order, ...
		o.order, ok = s[1].(string)
	case *ndarray: // version, shape, type, is Fortran's order, elements
		ok = o.build(s)
	default:
		ok = false
	}
	if !ok {
		return errPickle
	}
	return nil
}
