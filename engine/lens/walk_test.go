package lens

import (
	"testing"

	"kvscope/engine/input/inputtest"
	"kvscope/engine/ops"
)

// TestBrokenHeads breaks what a server sends of a head, and draws what is left.
func TestBrokenHeads(t *testing.T) {
	good, err := drawn(40, 4, true).Encode()
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Broken(t, "head", good, 4<<20, 400, func(data []byte) error {
		h, err := Decode(data)
		if err != nil {
			return err
		}
		NewMap(h, ops.Reference(), 0)
		_, err = h.Encode()
		return err
	})
}
