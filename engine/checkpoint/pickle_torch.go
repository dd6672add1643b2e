package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
)

// What a pickle of torch.save has beyond NumPy's: dictionaries, and tensors that name
// where their elements are.
type (
	// dict is a dictionary in the order in which it was filled. Of a key that comes twice
	// both are kept.
	dict struct{ keys, values []any }
	// storage is a file of the archive and the type of its elements.
	storage struct{ kind, key string }
	// torchTensor is part of a storage, in elements.
	torchTensor struct {
		storage        storage
		offset         int
		shape, strides []int
	}
)

// torchClasses are the classes that become plain dictionaries.
var torchClasses = map[global]bool{
	{"collections", "OrderedDict"}: true, {"easydict", "EasyDict"}: true, {"builtins", "dict"}: true,
}

// torchStep carries out the instructions that only torch.save's pickles need. It reports
// whether op is one of them.
func (m *pickle) torchStep(op byte) (known bool, err error) {
	switch op {
	case '}': // EMPTY_DICT
		m.push(&dict{})
	case 'G': // BINFLOAT
		b, err := m.take(8)
		if err != nil {
			return true, err
		}
		m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	case 'Q': // BINPERSID
		return true, m.persistent()
	case '\x81': // NEWOBJ
		return true, m.newObject()
	case 's': // SETITEM
		two, err := m.pops(2)
		if err != nil {
			return true, err
		}
		return true, m.fill(two)
	case 'u': // SETITEMS
		items, err := m.toMark()
		if err != nil {
			return true, err
		}
		return true, m.fill(items)
	default:
		return false, nil
	}
	return true, nil
}

// fill puts keys and values, in turns, into the dictionary on top.
func (m *pickle) fill(items []any) error {
	if len(m.stack) == 0 || len(items)%2 != 0 {
		return errPickle
	}
	d, ok := m.stack[len(m.stack)-1].(*dict)
	if !ok {
		return errPickle
	}
	return d.add(items)
}

func (d *dict) add(items []any) error {
	for i := 0; i < len(items); i += 2 {
		switch items[i].(type) {
		case string, int, bool:
		default:
			return errPickle
		}
		d.keys, d.values = append(d.keys, items[i]), append(d.values, items[i+1])
	}
	return nil
}

// persistent is the storage that ("storage", type, key, device, elements) names.
func (m *pickle) persistent() error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	id, ok := v.(tuple)
	if !ok || len(id) < 3 || id[0] != "storage" {
		return errPickle
	}
	kind, isGlobal := id[1].(global)
	key, isText := id[2].(string)
	if !isGlobal || !isText || kind.module != "torch" {
		return errPickle
	}
	m.push(storage{kind.name, key})
	return nil
}

// newObject is the dictionary that an object of a class such as EasyDict is.
func (m *pickle) newObject() error {
	two, err := m.pops(2)
	if err != nil {
		return err
	}
	class, ok := two[0].(global)
	if !ok {
		return errPickle
	}
	if !torchClasses[class] {
		return fmt.Errorf("an object of %s.%s", class.module, class.name)
	}
	m.push(&dict{})
	return nil
}

// torchCall evaluates a call that torch's files make; done is false where the function is
// none of those.
func torchCall(g global, args tuple) (v any, done bool, err error) {
	switch g {
	case global{"collections", "OrderedDict"}:
		return &dict{}, true, nil
	case global{"torch._utils", "_rebuild_parameter"}:
		if len(args) > 0 {
			if t, ok := args[0].(*torchTensor); ok {
				return t, true, nil
			}
		}
		return nil, true, errPickle
	case global{"torch._utils", "_rebuild_tensor_v2"}:
		t, ok := rebuildTensor(args)
		if !ok {
			return nil, true, errPickle
		}
		return t, true, nil
	}
	return nil, false, nil
}

// rebuildTensor is the tensor of (storage, offset, shape, strides, ...).
func rebuildTensor(args tuple) (*torchTensor, bool) {
	if len(args) < 4 {
		return nil, false
	}
	t := &torchTensor{}
	var ok [4]bool
	t.storage, ok[0] = args[0].(storage)
	t.offset, ok[1] = args[1].(int)
	t.shape, ok[2] = whole(args[2])
	t.strides, ok[3] = whole(args[3])
	return t, ok == [4]bool{true, true, true, true} && len(t.shape) == len(t.strides)
}

// whole is a tuple of whole numbers.
func whole(v any) ([]int, bool) {
	items, ok := v.(tuple)
	out := make([]int, 0, len(items))
	for _, item := range items {
		n, isInt := item.(int)
		if !isInt || n < 0 {
			return nil, false
		}
		out = append(out, n)
	}
	return out, ok
}
