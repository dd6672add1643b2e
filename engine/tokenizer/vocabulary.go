package tokenizer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxVocabulary bounds ids, which size a table.
const maxVocabulary = 1 << 20

// vocabulary holds the parts that every source of a BPE has: tokens, merges and added
// tokens.
type vocabulary struct {
	ids     map[string]int32 // of all that text may become, by name
	merges  []merge          // of tokens by name
	added   []addedToken
	unknown string // name of the token of what has none, "" for none
	// fields are what ids and added are called where they were read.
	fields [2]string

	byteFallback bool
	replace      [2]string // decoding writes the second for the first
}

// merge is two tokens that become one, those of the lowest rank first.
type merge struct {
	left, right string
	rank        int
}

// spaceMark stands for a blank in vocabularies of characters.
const spaceMark = "▁"

// fill gives t the vocabulary v. The flags of t are set before.
func (t *BPE) fill(v *vocabulary) error {
	if len(v.ids) == 0 {
		return fmt.Errorf("%s: has no tokens", v.fields[0])
	}
	if err := t.number(v); err != nil {
		return err
	}
	t.ids = make(map[string]int32, len(v.ids))
	for name, id := range v.ids {
		text, ok := name, true
		if t.bytes {
			text, ok = BytesOf(name)
		}
		if ok {
			t.ids[text] = id
		}
	}
	if err := t.learn(v); err != nil {
		return err
	}
	t.unknown = -1
	if v.unknown != "" {
		id, ok := v.ids[v.unknown]
		if !ok {
			return fmt.Errorf("unk_token: %q is not in the vocabulary", v.unknown)
		}
		t.unknown = id
	}
	if v.byteFallback {
		t.byteIDs = make([]int32, 256)
		for b := range t.byteIDs {
			t.byteIDs[b] = -1
			if id, ok := v.ids[fmt.Sprintf("<0x%02X>", b)]; ok {
				t.byteIDs[b] = id
			}
		}
	}
	t.look(v.added)
	t.fingerprint = v.fingerprint()
	return nil
}

// number lists the tokens of v by id.
func (t *BPE) number(v *vocabulary) error {
	set := func(field, name string, id int32) error {
		if id < 0 || id >= maxVocabulary {
			return fmt.Errorf("%s: %q has id %d, allowed are 0 to %d", field, name, id, maxVocabulary-1)
		}
		if n := int(id) + 1 - len(t.tokens); n > 0 {
			t.tokens = append(t.tokens, make([]token, n)...)
		}
		if old := t.tokens[id]; old.known && old.name != name {
			return fmt.Errorf("%s: %q and %q both have id %d", field, old.name, name, id)
		}
		t.tokens[id] = t.entry(v, name)
		return nil
	}
	for name, id := range v.ids {
		if err := set(v.fields[0], name, id); err != nil {
			return err
		}
	}
	for _, a := range v.added {
		if id, ok := v.ids[a.Content]; ok && id != a.ID {
			return fmt.Errorf("%s: %q has id %d, the vocabulary says %d", v.fields[1], a.Content, a.ID, id)
		}
		if err := set(v.fields[1], a.Content, a.ID); err != nil {
			return err
		}
		t.tokens[a.ID].special = a.Special
	}
	return nil
}

// look sets the tokens that are looked for in a text and in its normalization.
func (t *BPE) look(tokens []addedToken) {
	var raw, normal []addedToken
	for _, a := range tokens {
		if !a.Normalized {
			raw = append(raw, a)
			continue
		}
		n := aligned{text: a.Content}
		for _, normalize := range t.normalize {
			n = normalize(n)
		}
		a.Content = n.text
		normal = append(normal, a)
	}
	t.raw, t.normal = newAdded(raw), newAdded(normal)
}

// entry is the token of that name.
func (t *BPE) entry(v *vocabulary, name string) token {
	e := token{name: name, text: name, known: true}
	if t.bytes {
		e.text, _ = BytesOf(name)
		return e
	}
	if v.replace[0] != "" {
		e.text = strings.ReplaceAll(name, v.replace[0], v.replace[1])
	}
	if b, ok := spelledByte(name); ok && v.byteFallback {
		e.text, e.byte = string([]byte{b}), true
	}
	return e
}

// spelledByte is the byte that a token such as <0x41> stands for.
func spelledByte(name string) (byte, bool) {
	if len(name) != len("<0x00>") || !strings.HasPrefix(name, "<0x") || name[5] != '>' {
		return 0, false
	}
	b, err := strconv.ParseUint(name[3:5], 16, 8)
	return byte(b), err == nil
}

// learn sets the merges of t.
func (t *BPE) learn(v *vocabulary) error {
	t.merges = make(merges, len(v.merges))
	for i, m := range v.merges {
		left, okLeft := v.ids[m.left]
		right, okRight := v.ids[m.right]
		id, ok := v.ids[m.left+m.right]
		if !okLeft || !okRight || !ok {
			return fmt.Errorf("merges: number %d, %q and %q: they or what they make are not in the vocabulary", i, m.left, m.right)
		}
		t.merges[[2]int32{left, right}] = merged{m.rank, id}
	}
	return nil
}

// fingerprint identifies v.
func (v *vocabulary) fingerprint() string {
	h := sha256.New()
	text := func(s string) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	names := make([]string, 0, len(v.ids)+len(v.added))
	for name, id := range v.ids {
		names = append(names, fmt.Sprintf("%08d %s", id, name))
	}
	for _, a := range v.added {
		names = append(names, fmt.Sprintf("%08d %s", a.ID, a.Content))
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		text(name)
	}
	for _, m := range v.merges {
		text(m.left)
		text(m.right)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
