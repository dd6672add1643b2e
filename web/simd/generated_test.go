package simd

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// TestModuleIsGenerated: the module in the program is what its generator makes.
func TestModuleIsGenerated(t *testing.T) {
	if _, err := exec.LookPath("wat2wasm"); err != nil {
		t.Skip("wat2wasm is missing: install wabt to compare")
	}
	made, err := exec.Command("sh", "-c", "go run ./_generate | wat2wasm -o /dev/stdout -").Output()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("kernels.wasm")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, kept) {
		t.Error("kernels.wasm is not what _generate makes: run go generate ./web/simd")
	}
}
