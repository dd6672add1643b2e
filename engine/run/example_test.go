package run_test

import (
	"context"
	"fmt"
	"log"

	"kvscope/engine/figures"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// A request of a needle task under Quest, and which of the heads read the needle at every
// step of the answer.
func ExampleEngine_Run() {
	engine := run.NewEngine(ops.Reference())
	defer engine.Close()
	if err := engine.Open("ratplus", "../../assets/models/ratplus.safetensors", ""); err != nil {
		log.Fatal(err)
	}
	context128, quest := 128, sparse.Config{Method: "quest"}
	var recorded trace.Run
	err := engine.Run(context.Background(), run.Request{
		Model: "ratplus", Task: "S-1", Seed: 1, Context: &context128, Config: quest.With("budget", "1/4").With("block", "8"),
	}, &recorded)
	if err != nil {
		log.Fatal(err)
	}
	result, _ := figures.ResultOf(&recorded)
	hits := 0
	for _, h := range result.Heads {
		if h.Hit {
			hits++
		}
	}
	fmt.Printf("%s, expected %v, read %.0f%% of the cache\n", result.Answer, result.Expected, 100*result.ReadFraction)
	fmt.Printf("%d of %d heads read the needle at every step\n", hits, len(result.Heads))
	// Output:
	// 2696203., expected [2696203], read 23% of the cache
	// 7 of 24 heads read the needle at every step
}
