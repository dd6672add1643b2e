package trace_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"

	"kvscope/engine/trace"
)

// A stream of events, written and read again one by one.
func ExampleReader() {
	var stream bytes.Buffer
	w := trace.NewWriter(&stream)
	for step, text := range []string{"47", "11"} {
		if err := w.Emit(&trace.Step{Step: step, Position: 99 + step, Token: trace.Token{Text: text}, Prob: 0.9}); err != nil {
			log.Fatal(err)
		}
	}
	r := trace.NewReader(&stream)
	for {
		event, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		if s, ok := event.(*trace.Step); ok {
			fmt.Printf("step %d: %q with probability %.1f\n", s.Step, s.Token.Text, s.Prob)
		}
	}
	// Output:
	// step 0: "47" with probability 0.9
	// step 1: "11" with probability 0.9
}
