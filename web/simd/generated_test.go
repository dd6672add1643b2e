package simd

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// TestModulesAreGenerated: the modules in the program are what their generator makes.
func TestModulesAreGenerated(t *testing.T) {
	if _, err := exec.LookPath("wat2wasm"); err != nil {
		t.Skip("wat2wasm is missing: install wabt to compare")
	}
	for file, made := range map[string]string{
		"kernels.wasm": "go run ./_generate | wat2wasm -o /dev/stdout -",
		"fused.wasm":   "go run ./_generate -fused | wat2wasm --enable-relaxed-simd -o /dev/stdout -",
	} {
		made, err := exec.Command("sh", "-c", made).Output()
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(made, kept) {
			t.Errorf("%s is not what _generate makes: run GOOS=js GOARCH=wasm go generate ./web/simd", file)
		}
	}
}
