package trace

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"
)

func header() *Header {
	return &Header{
		Model: "attention", Arch: "attention", Layers: 2, Heads: 3, HeadDim: 4, Kernels: "reference",
		Method: "quest", Phase: "decode", Budget: 0.25, Block: 16, K: 4,
		Task: "MK-2", Seed: math.MaxUint64, Context: 64,
		Tokens:   []Token{{1, "the"}, {2, " grass"}, {3, "\"é\n"}},
		Expected: []string{"grass"}, Answer: []Token{{2, " grass"}, {9, "."}}, Gold: []int{1, -1},
		Needles: []Needle{{Key: "k", Value: "v", Span: [2]int{0, 3}, Values: [2]int{1, 2}, Queried: true}},
	}
}

func single() *Selection {
	return &Selection{
		Step: 2, Layer: 1, Head: 2, First: 33, Queries: 1, Unit: 4, Candidates: 9,
		Picked: []byte{0b1000_0001, 1},
		Scores: []float32{1, 2, 3, 4, 5, 6, 7, 8, float32(math.Inf(1))},
		Mass:   []float32{.5, 0, 0, 0, 0, 0, 0, .25, .25},
	}
}

func rows() *Selection {
	return &Selection{Step: -1, First: 5, Queries: 3, Unit: 1, Candidates: 8, Picked: []byte{1, 2, 255}}
}

func events() []Event {
	return []Event{
		header(), rows(), single(),
		&Step{Step: 0, Position: 3, Token: Token{2, " grass"}, Prob: .5, Correct: true, Top: []Alternative{{Token{2, " grass"}, .5, 3.5}}, Want: &Want{.25, -1, 3}, MS: 1.25},
		&Done{Answer: "grass", Score: 1, ReadFraction: .25, PrefillMS: 3, DecodeMS: 1, Hits: []Hit{{Layer: 1, Head: 2, Hit: true, Recall: .5, Mass: .75}}},
		&Failure{Field: "budget", Message: "above 1"},
	}
}

func encode(t testing.TB, e Event) []byte {
	t.Helper()
	b, err := Append(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryEventSurvivesTheWire(t *testing.T) {
	for _, e := range events() {
		got, err := Decode(encode(t, e))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, e) {
			t.Errorf("sent %+v\ngot  %+v", e, got)
		}
	}
}

// The bytes that the package comment promises, spelled out.
func TestFrameLayout(t *testing.T) {
	for _, c := range []struct {
		event Event
		want  string
	}{
		{&Failure{Message: "no"}, "10000000" + "01" + "05" + hex.EncodeToString([]byte(`{"message":"no"}`))},
		{&Selection{Step: -1, Layer: 1, Head: 2, First: 3, Queries: 2, Unit: 4, Candidates: 9, Picked: []byte{0x81, 1, 0, 0}},
			"28000000" + "01" + "02" +
				"ffffffff" + "01000000" + "02000000" + "03000000" + "02000000" + "04000000" + "09000000" + "00000000" + "00000000" +
				"8101" + "0000"},
		{&Selection{Queries: 1, Unit: 1, Candidates: 1, Picked: []byte{1}, Scores: []float32{1}, Mass: []float32{-2}},
			"2d000000" + "01" + "02" +
				"00000000" + "00000000" + "00000000" + "00000000" + "01000000" + "01000000" + "01000000" + "01000000" + "01000000" +
				"0000803f" + "000000c0" + "01"},
	} {
		if got := hex.EncodeToString(encode(t, c.event)); got != c.want {
			t.Errorf("%T\ngot  %s\nwant %s", c.event, got, c.want)
		}
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	for _, e := range []Event{&Failure{Message: "x"}, &Failure{}} {
		got, err := Append([]byte("before"), e)
		if !bytes.HasPrefix(got, []byte("before")) {
			t.Errorf("prefix lost: %q", got)
		}
		if err != nil && string(got) != "before" {
			t.Errorf("failed Append left %q", got)
		}
	}
}

func TestBadEventsAreNotSent(t *testing.T) {
	for _, c := range []struct {
		name  string
		event Event
		want  string
	}{
		{"no layers", &Header{Heads: 1}, "layers"},
		{"absurd heads", &Header{Layers: 1 << 15, Heads: 1 << 15}, "at most"},
		{"pieces of others", &Header{Layers: 1, Heads: 1, Tokens: make([]Token, 2), Pieces: []string{"a"}}, "pieces: 1 texts for 2"},
		{"sparse before the prompt", &Header{Layers: 1, Heads: 1, Tokens: make([]Token, 2), SparseFrom: new(-1)}, "sparse_from: position -1"},
		{"evicted beyond it", &Header{Layers: 1, Heads: 1, Tokens: make([]Token, 2), EvictedAt: new(2)}, "evicted_at: position 2"},
		{"gold of nothing", &Header{Layers: 1, Heads: 1, Gold: []int{0}}, "gold"},
		{"gold outside", &Header{Layers: 1, Heads: 1, Answer: []Token{{}}, Gold: []int{0}}, "gold"},
		{"needle outside", &Header{Layers: 1, Heads: 1, Needles: []Needle{{Span: [2]int{0, 1}}}}, "needles"},
		{"needle reversed", &Header{Layers: 1, Heads: 1, Tokens: make([]Token, 3), Needles: []Needle{{Values: [2]int{2, 1}}}}, "needles"},
		{"negative step", &Step{Step: -1}, "step"},
		{"probability not a number", &Step{Prob: float32(math.NaN())}, "NaN"},
		{"negative head", &Done{Hits: []Hit{{Head: -1}}}, "head"},
		{"more kept than there was", &Done{Compressed: &Compressed{Tokens: 4, Kept: []int{4, 5}}}, "compressed: kept: 5 entries of 4 tokens"},
		{"fewer tokens than none", &Done{Compressed: &Compressed{Tokens: -1}}, "compressed: -1 tokens"},
		{"silent failure", &Failure{Field: "k"}, "message"},
		{"no queries", edit(single(), func(s *Selection) { s.Queries = 0 }), "queries"},
		{"no unit", edit(single(), func(s *Selection) { s.Unit = 0 }), "unit"},
		{"no candidates", edit(single(), func(s *Selection) { s.Candidates = 0 }), "candidates"},
		{"step below the prefill", edit(single(), func(s *Selection) { s.Step = -2 }), "step"},
		{"few picks", edit(single(), func(s *Selection) { s.Picked = s.Picked[:1] }), "picked"},
		{"many picks", edit(single(), func(s *Selection) { s.Picked = append(s.Picked, 0) }), "picked"},
		{"pick beyond", edit(single(), func(s *Selection) { s.Picked[1] = 2 }), "beyond"},
		{"few scores", edit(single(), func(s *Selection) { s.Scores = s.Scores[:8] }), "scores"},
		{"few masses", edit(single(), func(s *Selection) { s.Mass = s.Mass[:8] }), "mass"},
		{"scores of rows", edit(rows(), func(s *Selection) { s.Scores = make([]float32, 8) }), "scores"},
		{"too long", &Failure{Message: strings.Repeat("x", MaxPayload)}, "at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Append(nil, c.event); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q", err, c.want)
			}
		})
	}
}

func edit(s *Selection, f func(*Selection)) *Selection {
	f(s)
	return s
}

func TestMalformedFrames(t *testing.T) {
	le := binary.LittleEndian
	patch := func(e Event, f func([]byte) []byte) []byte { return f(encode(t, e)) }
	word := func(i int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { le.PutUint32(b[prefixSize+4*i:], v); return b }
	}
	text := func(k kind, s string) []byte {
		return append(le.AppendUint32(nil, uint32(len(s))), append([]byte{Version, byte(k)}, s...)...)
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
	}{
		{"nothing", nil, "0 bytes"},
		{"half a prefix", []byte{1, 0, 0}, "3 bytes"},
		{"other version", patch(single(), func(b []byte) []byte { b[4] = 2; return b }), "version 2"},
		{"unknown kind", patch(single(), func(b []byte) []byte { b[5] = 77; return b }), "kind 77"},
		{"kind zero", patch(single(), func(b []byte) []byte { b[5] = 0; return b }), "kind 0"},
		{"huge", []byte{255, 255, 255, 255, Version, byte(kindStep)}, "at most"},
		{"cut", patch(single(), func(b []byte) []byte { return b[:len(b)-1] }), "the frame says"},
		{"trailing byte", patch(single(), func(b []byte) []byte { return append(b, 0) }), "the frame says"},
		{"selection of nothing", text(kindSelection, ""), "at least 36"},
		{"negative layer", patch(single(), word(1, 1<<31)), "layer"},
		{"billions of queries", patch(rows(), word(4, math.MaxInt32)), "take"},
		{"billions of both", patch(edit(rows(), func(s *Selection) { s.Queries, s.Picked = 1, []byte{0} }), func(b []byte) []byte {
			return word(4, math.MaxInt32)(word(6, math.MaxInt32)(b))
		}), "take"},
		{"more scores than candidates", patch(single(), word(7, 10)), "scores"},
		{"missing masses", patch(single(), word(8, 0)), "take"},
		{"pick beyond the candidates", patch(single(), func(b []byte) []byte { b[len(b)-1] = 0x80; return b }), "beyond"},
		{"not JSON", text(kindStep, "{"), "unexpected end"},
		{"two objects", text(kindStep, "{}{}"), "after top-level"},
		{"wrong type", text(kindStep, `{"step":"x"}`), "step"},
		{"null header", text(kindHeader, "null"), "layers"},
		{"gold outside the prompt", text(kindHeader, `{"layers":1,"heads":1,"answer":[{}],"gold":[5]}`), "gold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Decode(c.frame)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, error %v, want one about %q", e, err, c.want)
			}
		})
	}
}

// A later minor addition must not break this reader.
func TestUnknownKeysAreIgnored(t *testing.T) {
	s := `{"message":"m","colour":"red"}`
	e, err := Decode(append([]byte{byte(len(s)), 0, 0, 0, Version, byte(kindFailure)}, s...))
	if err != nil || !reflect.DeepEqual(e, &Failure{Message: "m"}) {
		t.Errorf("got %+v, %v", e, err)
	}
}

// What Decode returns must outlive the buffer it was given, which readers reuse.
func TestDecodeKeepsNothingOfTheFrame(t *testing.T) {
	frame := encode(t, single())
	e, err := Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	clear(frame)
	if !reflect.DeepEqual(e, single()) {
		t.Error("the event changed with the frame")
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range events() {
		b := encode(f, e)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		e, err := Decode(frame)
		if err != nil {
			return
		}
		// Whatever is accepted can be sent on, and then says the same.
		again := encode(t, e)
		back, err := Decode(again)
		if err != nil {
			t.Fatalf("decode what was decoded and encoded: %v", err)
		}
		if !bytes.Equal(encode(t, back), again) {
			t.Fatalf("%+v became %+v", e, back)
		}
		if s, ok := e.(*Selection); ok {
			if !bytes.Equal(again, frame) {
				t.Fatalf("selection frame %x became %x", frame, again)
			}
			for q := range s.Queries {
				s.Count(q)
				s.Covers(q, s.First)
			}
		}
	})
}

func FuzzSelectionSurvives(f *testing.F) {
	f.Add(int32(3), uint16(2), uint16(1), uint32(40), uint8(1), uint8(16), []byte{1, 2, 3}, true, true)
	f.Add(int32(-1), uint16(0), uint16(0), uint32(0), uint8(7), uint8(1), []byte{255, 0, 255, 1, 9, 9, 0}, false, false)
	f.Fuzz(func(t *testing.T, step int32, layer, head uint16, first uint32, queries, unit uint8, picked []byte, scored, weighed bool) {
		s := &Selection{
			Step: max(int(step), -1), Layer: int(layer), Head: int(head), First: int(first >> 1),
			Queries: max(int(queries), 1), Unit: max(int(unit), 1),
		}
		if len(picked) < s.Queries {
			t.Skip("fewer bytes than queries")
		}
		row := len(picked) / s.Queries
		s.Candidates, s.Picked = 8*row, picked[:row*s.Queries]
		values := make([]float32, s.Candidates)
		for i := range values {
			values[i] = float32(i) - float32(picked[i%len(picked)])
		}
		if scored && s.Queries == 1 {
			s.Scores = values
		}
		if weighed && s.Queries == 1 {
			s.Mass = values
		}
		got, err := Decode(encode(t, s))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, s) {
			t.Fatalf("sent %+v\ngot  %+v", s, got)
		}
	})
}

func BenchmarkSelection(b *testing.B) {
	s := &Selection{Queries: 1, Unit: 16, Candidates: 2048, Picked: make([]byte, 256), Scores: make([]float32, 2048), Mass: make([]float32, 2048)}
	frame := encode(b, s)
	b.Run("append", func(b *testing.B) {
		b.SetBytes(int64(len(frame)))
		var buf []byte
		for b.Loop() {
			buf, _ = Append(buf[:0], s)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(frame)))
		for b.Loop() {
			if _, err := Decode(frame); err != nil {
				b.Fatal(err)
			}
		}
	})
}
