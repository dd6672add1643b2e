package history

import (
	"bytes"
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenHistories breaks the snapshots of a training.
func TestBrokenHistories(t *testing.T) {
	var file bytes.Buffer
	if err := Write(&file, small, nil, drifting(small, 3), 0.3); err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "history", file.Bytes(), 4<<20, 400, func(data []byte) error {
		_, _ = ReadPoints(bytes.NewReader(data))
		_, _ = ReadStep(bytes.NewReader(data), 3)
		_, err := Read(bytes.NewReader(data))
		return err
	})
}
