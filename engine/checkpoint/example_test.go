package checkpoint_test

import (
	"bytes"
	"fmt"
	"log"

	"kvscope/engine/checkpoint"
)

// Tensors written as safetensors and read again.
func ExampleParse() {
	var file bytes.Buffer
	q := checkpoint.NewF32("q", []int{1, 2, 2}, []float32{1, 2, 3, 4})
	if err := checkpoint.Write(&file, map[string]string{"method": "quest"}, []checkpoint.Tensor{q}); err != nil {
		log.Fatal(err)
	}
	f, err := checkpoint.Parse(file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	x, err := f.Float32("q", 1, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Names(), f.Metadata, x)
	_, err = f.Float32("q", 4)
	fmt.Println(err)
	// Output:
	// [q] map[method:quest] [1 2 3 4]
	// tensor "q" has shape [1 2 2], want [4]
}
