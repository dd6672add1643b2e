package niah_test

import (
	"fmt"
	"log"

	"kvscope/engine/niah"
	"kvscope/engine/tokenizer"
)

// An example of a needle task: what is asked, what is expected, and where in the
// prompt the answer's first token stands.
func ExampleGenerator_Generate() {
	tok := tokenizer.NewDemo()
	task, err := niah.ByID("MK-1")
	if err != nil {
		log.Fatal(err)
	}
	ex, err := niah.NewGenerator(tok).Generate(task, niah.Options{Context: 256, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("expected", ex.Expected)
	fmt.Printf("the answer begins with %q, copied from position %d, which is %q\n",
		tok.Text(ex.Answer[0]), ex.Gold[0], tok.Text(ex.Tokens[ex.Gold[0]]))
	fmt.Println("right:", niah.Score(ex.Expected, tok.Decode(ex.Answer)))
	// Output:
	// expected [6657291]
	// the answer begins with "66", copied from position 155, which is "66"
	// right: 1
}
