package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

// The demo models were trained on this vocabulary: a change here makes them refuse
// to load, and needs them trained anew.
const frozenFingerprint = "f7791cca55615941"

func TestVocabularyIsFrozen(t *testing.T) {
	tok := NewDemo()
	if got := tok.Fingerprint(); got != frozenFingerprint {
		t.Errorf("fingerprint %s, want %s", got, frozenFingerprint)
	}
	if tok.Size() != 1399 {
		t.Errorf("%d tokens, want 1399", tok.Size())
	}
}

func TestTokenIsTheInverseOfText(t *testing.T) {
	tok := NewDemo()
	for id := range int32(tok.Size()) {
		text := tok.Text(id)
		got, ok := tok.Token(text)
		if text == "a" || text == "be" {
			continue // a word and a hexadecimal number
		}
		if !ok || got != id {
			t.Errorf("Token(%q) = %d, %v, want %d", text, got, ok, id)
		}
	}
	if _, ok := tok.Token("xylophone"); ok {
		t.Error("found a token that is not in the vocabulary")
	}
	for _, id := range []int32{-1, int32(tok.Size())} {
		if got := tok.Text(id); got != "<unknown>" {
			t.Errorf("Text(%d) = %q", id, got)
		}
	}
}

func TestIDRangesPartitionTheVocabulary(t *testing.T) {
	tok := NewDemo()
	if n := len(tok.ByteIDs()); n != 256 {
		t.Errorf("%d bytes", n)
	}
	if n := len(tok.SingleIDs()); n != 16 {
		t.Errorf("%d single digits", n)
	}
	if n := len(tok.PairIDs()); n != 256 {
		t.Errorf("%d pairs", n)
	}
	if id := tok.PairIDs()[0x7f]; tok.Text(id) != "7f" {
		t.Errorf("pair 0x7f displays as %q", tok.Text(id))
	}
}

// display joins the display forms of the tokens of text.
func display(tok *Demo, text string) string {
	var parts []string
	for _, id := range tok.Encode(text) {
		parts = append(parts, tok.Text(id))
	}
	return strings.Join(parts, "|")
}

func TestEncode(t *testing.T) {
	tok := NewDemo()
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"One of the special magic numbers for brave-lantern is: 1234567.",
			"One|of|the|special|magic|numbers|for|brave|-|lantern|is|:|12|34|56|7|."},
		{"is: 3f0a9c1e-5b7d-4e2f-8a6c-0d1e2f3a4b5c.",
			"is|:|3f|0a|9c|1e|-|5b|7d|-|4e|2f|-|8a|6c|-|0d|1e|2f|3a|4b|5c|."},
		{"1234567, 7654321.", "12|34|56|7|,|76|54|32|1|."},
		{"Here we go. There and back again.", "Here|we|go|.|There|and|back|again|."},
		{"Brave men sang.\nThe cat slept.", "<cap>|brave|men|sang|.|\n|The|cat|slept|."},
		{"the  cat", "the|<space>|<space>|cat"},
		{" the cat ", "<space>|the|cat|<space>"},
		{"the cat , the dog", "the|cat|<space>|,|the|dog"},
		{"the,cat", "the|,|<nospace>|cat"},
		{"12 34", "12|<space>|34"},
		{"123 45", "12|3|45"},
		{"face", "fa|ce"},
		{"Face", "<0x46>|<0x61>|<0x63>|<0x65>"},
		{"xy zz", "<0x78>|<0x79>|<space>|<0x7A>|<0x7A>"},
		{"the xy is", "the|<0x78>|<0x79>|is"},
		{"CAT", "<0x43>|<0x41>|<0x54>"},
		{"thé cat", "<0x74>|<0x68>|<0xC3>|<0xA9>|cat"},
		{"the\tcat", "the|<0x09>|cat"},
		{"“the cat” sang", "“|the|cat|”|sang"},
		{"be 5", "be|5"},
	} {
		if got := display(tok, c.text); got != c.want {
			t.Errorf("Encode(%q)\n got %s\nwant %s", c.text, got, c.want)
		}
		if got := tok.Decode(tok.Encode(c.text)); got != c.text {
			t.Errorf("Decode(Encode(%q)) = %q", c.text, got)
		}
	}
}

func TestDecodeTakesAnySequence(t *testing.T) {
	tok := NewDemo()
	id := func(text string) int32 {
		i, ok := tok.Token(text)
		if !ok {
			t.Fatalf("no token %q", text)
		}
		return i
	}
	for _, c := range []struct {
		ids  []int32
		want string
	}{
		{[]int32{tok.BOS(), id("The"), id("cat"), tok.EOS()}, "The cat"},
		{[]int32{id("the"), tok.EOS(), id("cat")}, "thecat"},
		{[]int32{id("the"), id("<cap>"), id("cat")}, "the Cat"},
		{[]int32{id("the"), id("<cap>"), id("-")}, "the -"},
		{[]int32{id("<cap>")}, ""},
		{[]int32{id("the"), id("<nospace>"), id("<cap>"), id("cat")}, "theCat"},
		{[]int32{id("the"), -1, id("cat")}, "the\uFFFDcat"},
		{[]int32{id("the"), int32(tok.Size())}, "the\uFFFD"},
	} {
		if got := tok.Decode(c.ids); got != c.want {
			t.Errorf("Decode(%v) = %q, want %q", c.ids, got, c.want)
		}
	}
}

func TestOffsetsCoverEveryVisibleByte(t *testing.T) {
	tok := NewDemo()
	text := "The cat, Brave  as a lion\tor xyz, took 1234567-ab.\nNobody knew."
	ids, offsets := tok.EncodeOffsets(text)
	if !slices.Equal(ids, tok.Encode(text)) {
		t.Fatal("EncodeOffsets and Encode differ")
	}
	at := 0
	for i, o := range offsets {
		if o.Start < at || o.End < o.Start {
			t.Fatalf("token %d at %v, after one that ends at %d", i, o, at)
		}
		if gap := text[at:o.Start]; strings.Trim(gap, " ") != "" {
			t.Errorf("%q belongs to no token", gap)
		}
		at = o.End
	}
	cat, _ := tok.Token("cat")
	if o := offsets[slices.Index(ids, cat)]; text[o.Start:o.End] != "cat" {
		t.Errorf("cat at %q", text[o.Start:o.End])
	}
	brave, _ := tok.Token("brave")
	if o := offsets[slices.Index(ids, brave)]; text[o.Start:o.End] != "Brave" {
		t.Errorf("brave at %q", text[o.Start:o.End])
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, s := range []string{
		"One of the special magic numbers for brave-lantern is: 1234567.",
		"The cat. the  CAT \n\n a1b2c3 é — \xff\xfe \t x", "  ", "‘’“”…–", "\uFFFD", "Be be A a",
	} {
		f.Add(s)
	}
	tok := NewDemo()
	f.Fuzz(func(t *testing.T, s string) {
		ids, offsets := tok.EncodeOffsets(s)
		text, decoded := tok.DecodeOffsets(ids)
		if text != s {
			t.Fatalf("%q came back as %q", s, text)
		}
		if !slices.Equal(offsets, decoded) {
			t.Fatalf("offsets of %q: encoded %v, decoded %v", s, offsets, decoded)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 0, 0, 4, 0, 2, 5, 50})
	tok := NewDemo()
	f.Fuzz(func(t *testing.T, raw []byte) {
		var ids []int32
		for i := 0; i+1 < len(raw); i += 2 {
			ids = append(ids, int32(raw[i])<<8+int32(raw[i+1])-4)
		}
		text, offsets := tok.DecodeOffsets(ids)
		if len(offsets) != len(ids) {
			t.Fatalf("%d offsets for %d tokens", len(offsets), len(ids))
		}
		// What was decoded is text like any other.
		if got := tok.Decode(tok.Encode(text)); got != text {
			t.Fatalf("%q came back as %q", text, got)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	tok := NewDemo()
	text := strings.Repeat("The patient farmer carried a rusty lantern toward the market, and nobody knew why. "+
		"One of the special magic numbers for brave-lantern is: 1234567. ", 50)
	n := len(tok.Encode(text))
	b.ReportAllocs()
	for b.Loop() {
		tok.Encode(text)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkDecode(b *testing.B) {
	tok := NewDemo()
	ids := tok.Encode(strings.Repeat("One of the special magic numbers for brave-lantern is: 1234567. ", 50))
	b.ReportAllocs()
	for b.Loop() {
		tok.Decode(ids)
	}
	b.ReportMetric(float64(len(ids))*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		NewDemo()
	}
}
