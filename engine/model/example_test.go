package model_test

import (
	"fmt"
	"log"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// Opening a model and reading a prompt: the logits after its last token.
func ExampleOpen() {
	m, err := model.Open("testdata/ratplus_tiny.safetensors", ops.Reference())
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(m.Config())

	session, err := m.NewSession(model.Options{Block: 16, Capacity: 32})
	if err != nil {
		log.Fatal(err)
	}
	logits, err := session.Prefill([]int32{3, 1, 4, 1, 5})
	if err != nil {
		log.Fatal(err)
	}
	cache := session.Cache(0, 0)
	fmt.Printf("%d logits; the cache of layer 0 head 0 holds %d keys of %d\n", len(logits), cache.Len, cache.Dim)
	// Output:
	// ratplus, 3 layers, 3 heads of 16 channels, 80 tokens of context
	// 61 logits; the cache of layer 0 head 0 holds 5 keys of 16
}
