package trace

import (
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenFrames breaks frames of every kind of event.
func TestBrokenFrames(t *testing.T) {
	for _, e := range events() {
		inputtest.Broken(t, "frame", encode(t, e), 1<<20, 400, func(frame []byte) error {
			_, err := Decode(frame)
			return err
		})
	}
}
