package niah

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"kvscope/engine/input"
	"kvscope/engine/tokenizer"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

const story = `It was a quiet morning.  Nobody spoke! "Is the
tide out?" asked Élodie. The boats — all twelve — lay still.

A second paragraph follows, with numbers like 3.14 and 10,000. It ends here.`

func TestCustom(t *testing.T) {
	tok := tokenizer.NewDemo()
	for _, c := range []struct {
		name, haystack, key, value string
	}{
		{"number", story, "brave-lantern", "7654321"},
		{"uuid", story, "door", "3F0A9C1E-5b7d-4e2f-8a6c-0d1e2f3a4b5c"},
		{"free text", story, "Élodie's boat (the blue one)", "42 Harbour Road - left"},
		{"odd ends", story, "-key-", "?(value"},
		{"value is Capitalised", story, "The key", "Brave"},
		{"one sentence", "no stop in this text at all", "a", "be"},
		{"one word", "word", "k", "v"},
		{"no blanks", strings.Repeat("xé", 2000), "k", "v"},
		{"blanks", "a" + strings.Repeat(" ", 3000) + "b.", "k", "v"},
		{"long", strings.Repeat(story+"\n", 200), "brave-lantern", "7654321"},
	} {
		for _, depth := range []float64{0, 0.4, 1} {
			for _, context := range []int{200, 777} {
				e, err := Custom(tok, c.haystack, c.key, c.value, depth, context)
				if err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
				checkNeedles(t, tok, e)
				if n := len(e.Tokens) + len(e.Answer); n > context {
					t.Errorf("%s: %d tokens for a context of %d", c.name, n, context)
				}
				if len(e.Needles) != 1 || e.Needles[0].Key != c.key || len(e.Expected) != 1 || e.Expected[0] != c.value {
					t.Errorf("%s: needles %v, expected %q", c.name, e.Needles, e.Expected)
				}
				if got := tok.Decode(e.Tokens); got != e.Text || !utf8.ValidString(got) {
					t.Errorf("%s: tokens decode to %q", c.name, got)
				}
			}
		}
	}
}

func TestCustomKeepsTheTextAndTheDepth(t *testing.T) {
	tok := tokenizer.NewDemo()
	body := func(e *Example) string {
		_, rest, _ := strings.Cut(e.Text, "\n")
		return rest[:strings.LastIndex(rest, "\n")]
	}
	needle := NeedleText(Number, "key", "1234567")
	for _, c := range []struct {
		depth float64
		want  string
	}{
		{0, needle + " One. Two! Three?\nFour."},
		{0.2, "One. " + needle + " Two! Three?\nFour."},
		{0.75, "One. Two! Three?\n" + needle + " Four."},
		{1, "One. Two! Three?\nFour. " + needle},
	} {
		e, err := Custom(tok, " One. Two! Three?\nFour. ", "key", "1234567", c.depth, 400)
		if err != nil {
			t.Fatal(err)
		}
		if got := body(e); got != c.want {
			t.Errorf("depth %v\n got %q\nwant %q", c.depth, got, c.want)
		}
	}
	long := strings.TrimSpace(strings.Repeat("The cat sang. The dog slept. ", 500))
	e, err := Custom(tok, long, "key", "1234567", 1, 512)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.Tokens) + len(e.Answer); n < 512-8 {
		t.Errorf("only %d of 512 tokens used", n)
	}
	if text := strings.TrimSuffix(body(e), " "+needle); !strings.HasPrefix(long, text) || !strings.HasSuffix(text, ".") {
		t.Errorf("cut to %q", text)
	}
}

func TestCustomNamesTheWrongField(t *testing.T) {
	tok := tokenizer.NewDemo()
	long := strings.Repeat("x", 2000)
	for _, c := range []struct {
		field, haystack, key, value string
		depth                       float64
		context                     int
	}{
		{"text", " \n", "k", "v", 0, 200},
		{"text", "bad \xff", "k", "v", 0, 200},
		{"key", "text", "", "v", 0, 200},
		{"key", "text", "a\nb", "v", 0, 200},
		{"key", "text", long, "v", 0, 200},
		{"value", "text", "k", " ", 0, 200},
		{"value", "text", "k", "a, b", 0, 200},
		{"value", "text", "k", "\xff", 0, 200},
		{"depth", "text", "k", "v", -0.1, 200},
		{"context", "text", "k", "v", 0, 40},
		{"context", "text", "k", "v", 0, MaxContext + 1},
	} {
		_, err := Custom(tok, c.haystack, c.key, c.value, c.depth, c.context)
		if err == nil || input.Field(err) != c.field {
			t.Errorf("wrong %s: %v", c.field, err)
		}
	}
}

func TestFromText(t *testing.T) {
	tok := tokenizer.NewDemo()
	text := story + "\n\nOne of the special magic numbers for brave-lantern is: 1234567.\nMore text. " +
		"One of the\nspecial magic uuids for old-key is: 3f0a9c1e-5b7d-4e2f-8a6c-0d1e2f3a4b5c. " +
		"One of the special magic numbers for brave-lantern is: 3.5. End"
	for _, c := range []struct {
		question, asks string
		expected       []string
	}{
		{"brave-lantern", "What are all the special magic numbers for brave-lantern mentioned", []string{"1234567", "3.5"}},
		{"old-key", "What is the special magic uuid for old-key mentioned", []string{"3f0a9c1e-5b7d-4e2f-8a6c-0d1e2f3a4b5c"}},
		{"new-key", "What is the special magic number for new-key mentioned", nil},
	} {
		e, err := FromText(tok, text, c.question)
		if err != nil {
			t.Fatal(err)
		}
		checkNeedles(t, tok, e)
		if strings.Join(e.Expected, "|") != strings.Join(c.expected, "|") {
			t.Errorf("%s: expected %q, want %q", c.question, e.Expected, c.expected)
		}
		if len(e.Needles) != 3 {
			t.Errorf("%s: %d needles found, want 3", c.question, len(e.Needles))
		}
		if !strings.Contains(e.Text, "\n"+c.asks) || !strings.Contains(e.Text, text) {
			t.Errorf("%s: prompt %q", c.question, e.Text)
		}
		if len(c.expected) == 0 && len(e.Answer) != 0 {
			t.Errorf("%s: an answer %v where none is known", c.question, e.Answer)
		}
	}
	for field, call := range map[string][2]string{
		"text": {" ", "key"}, "key": {"text", ""}, "key: \"a": {"text", "a\nb"},
	} {
		if _, err := FromText(tok, call[0], call[1]); err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("wrong %s: %v", field, err)
		}
	}
}

func FuzzCustom(f *testing.F) {
	f.Add(story, "brave-lantern", "1234567", 0.5, uint16(200))
	f.Add("x  y.\n\nz", "(k", "v…", 1.0, uint16(90))
	tok := tokenizer.NewDemo()
	f.Fuzz(func(t *testing.T, haystack, key, value string, depth float64, context uint16) {
		e, err := Custom(tok, haystack, key, value, depth, int(context))
		if err != nil {
			return
		}
		if n := len(e.Tokens) + len(e.Answer); n > int(context) {
			t.Fatalf("%d tokens for a context of %d", n, context)
		}
		if got := tok.Decode(e.Tokens); got != e.Text {
			t.Fatalf("tokens decode to %q, text is %q", got, e.Text)
		}
		n := e.Needles[0]
		if got := e.Text[e.Offsets[n.ValueSpan.Start].Start:e.Offsets[n.ValueSpan.End-1].End]; got != n.Value {
			t.Fatalf("value span shows %q, want %q", got, n.Value)
		}
		if Score(e.Expected, tok.Decode(e.Answer)) != 1 {
			t.Fatalf("answer %q does not score 1 against %q", tok.Decode(e.Answer), e.Expected)
		}
	})
}

func FuzzFromText(f *testing.F) {
	f.Add(NeedleText(Number, "a-b", "123")+" x", "a-b")
	f.Add("One of the special magic uuids for   k k is:  v.w. ", "k k")
	tok := tokenizer.NewDemo()
	f.Fuzz(func(t *testing.T, text, question string) {
		e, err := FromText(tok, text, question)
		if err != nil {
			return
		}
		if len(e.Gold) != len(e.Answer) {
			t.Fatalf("%d gold positions for %d answer tokens", len(e.Gold), len(e.Answer))
		}
		for _, n := range e.Needles {
			if got := e.Text[e.Offsets[n.ValueSpan.Start].Start:e.Offsets[n.ValueSpan.End-1].End]; oneLine(got) != n.Value {
				t.Fatalf("value span shows %q, want %q", got, n.Value)
			}
		}
	})
}

// TestCustomDepth holds that texts of any script have the needle where it was asked for.
func TestCustomDepth(t *testing.T) {
	tok := tokenizer.NewDemo()
	for name, text := range map[string]string{
		"Chinese":       strings.Repeat("春天来了，万物复苏。孩子们在草地上放风筝！", 12),
		"quoted":        strings.Repeat("他说：「春天来了。」万物复苏，小河边的柳树发芽了。", 12),
		"without stops": strings.Repeat("春天来了万物复苏", 20),
		"a word":        strings.Repeat("abcdefgh", 30),
		"words":         strings.Repeat("the cat sang ", 30),
		"English":       strings.Repeat("The cat sang. ", 30),
	} {
		for _, depth := range []float64{0, 0.25, 0.5, 0.75, 1} {
			e, err := Custom(tok, text, "brave-lantern", "1234567", depth, 1<<14)
			if err != nil {
				t.Fatal(err)
			}
			from := len(Opening(Number, true))
			at := strings.Index(e.Text, "One of the special") - from
			if got := float64(at) / float64(len(strings.TrimSpace(text))); got < depth-0.05 || got > depth+0.05 {
				t.Errorf("%s: needle at %.2f, want %.2f", name, got, depth)
			}
			if before := e.Text[from : from+at]; before != "" && !strings.HasSuffix(before, " ") {
				t.Errorf("%s: needle right after %q", name, before)
			}
		}
	}
}

// TestKeysOfAList: needles of a list are found however many there are and whatever they lack, in
// a time that grows as the text does.
func TestKeysOfAList(t *testing.T) {
	var list strings.Builder
	var want []string
	for i := range 5000 {
		key := "k" + strconv.Itoa(i)
		want = append(want, key)
		list.WriteString("One of the special magic numbers for " + key + " is: " + strconv.Itoa(i) + "\n")
	}
	if got := Keys(list.String()); !slices.Equal(got, want) {
		t.Errorf("%d keys of %d", len(got), len(want))
	}
	if got := Keys(strings.Repeat("One of the special magic numbers for k is: ", 5000)); len(got) != 0 {
		t.Errorf("keys without values: %v", got)
	}
}

func TestFromTextWrapped(t *testing.T) {
	tok := tokenizer.NewDemo()
	for _, c := range []struct{ text, question, asks, expected string }{
		{"Once. One of the special magic numbers for brave\nlantern is: 1234567. More.", "brave lantern", "the special magic number for", "1234567"},
		{"Once. One of the special\nmagic words for brave-lantern is: sunny-day. More.", "brave-lantern", "the special magic word for", "sunny-day"},
		{"Once. One of the special magic words for brave-lantern is: a sunny\nday. More.", "brave-lantern", "the special magic word for", "a sunny day"},
		{"Once. One of the special magic numbers for k is:\n3.14. More.", "k", "the special magic number for", "3.14"},
		{"Once. One of the special magic numbers for brave-\nlantern is: 1234567. More.", "brave-lantern", "the special magic number for", "1234567"},
		{"Once. One of the special magic words for k is: sunny-\r\n  day. More.", "k", "the special magic word for", "sunny-day"},
		{"Once. One of the special magic words for a - b is: x -\ny. More.", "a - b", "the special magic word for", "x - y"},
		{"Once. One of the special magic numbers for k is: 3\n\nMore. End.", "k", "the special magic number for", "3"},
		{"Once. One of the special magic numbers for k is: 1234567", "k", "the special magic number for", "1234567"},
		{"Once. One of the special magic numbers for k is: 1234567\n \t", "k", "the special magic number for", "1234567"},
		{"Once. “One of the special magic numbers for k is: 1234567.” More.", "k", "the special magic number for", "1234567"},
		{"Once. (One of the special magic numbers for k is: 12,345.67.) More.", "k", "the special magic number for", "12,345.67"},
		{"Once. One of the special magic numbers for k is: 1234567。春天来了。", "k", "the special magic number for", "1234567"},
		{"Once. One of the special magic numbers for k is: . More.", "k", "the special magic number for", ""},
		{"Once. One of the special magic numbers for k is: 1234567\nOne of the special magic numbers for j is: 7654321\nMore.", "k", "the special magic number for", "1234567"},
		{"One of the special magic words for j is: sunny\nOne of the special magic numbers for k is: 7654321\n", "k", "the special magic number for", "7654321"},
		{"Once. One of the special magic numbers for k is: One of the special magic numbers for j is: 3. More.", "k", "the special magic number for", ""},
		{"Once. One of the special magic numbers for k is: .5. More.", "k", "the special magic number for", ".5"},
	} {
		e, err := FromText(tok, c.text, c.question)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(e.Expected, "|"); got != c.expected || !strings.Contains(e.Text, "What is "+c.asks) {
			t.Errorf("%q: expected %q, want %q; prompt %q", c.text, got, c.expected, e.Text)
		}
	}
}
