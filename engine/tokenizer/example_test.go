package tokenizer_test

import (
	"fmt"

	"kvscope/engine/tokenizer"
)

// A text in the tokens of the demo models, with the place of each in the text.
func ExampleNewDemo() {
	tok := tokenizer.NewDemo()
	text := "The grass is: 4711."
	ids, offsets := tok.EncodeOffsets(text)
	for i, id := range ids {
		fmt.Printf("%q %q\n", tok.Text(id), text[offsets[i].Start:offsets[i].End])
	}
	fmt.Println(tok.Decode(ids))
	// Output:
	// "The" "The"
	// "grass" "grass"
	// "is" "is"
	// ":" ":"
	// "47" "47"
	// "11" "11"
	// "." "."
	// The grass is: 4711.
}
