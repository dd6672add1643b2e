package train

import (
	"bytes"
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenConfigs breaks the configuration of a training.
func TestBrokenConfigs(t *testing.T) {
	inputtest.Broken(t, "config", []byte(smallConfig), 1<<20, 400, func(data []byte) error {
		_, err := ParseConfig(bytes.NewReader(data))
		return err
	})
}
