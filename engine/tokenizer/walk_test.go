package tokenizer

import (
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenTokenizers breaks tokenizer.json files, and writes and reads text with what is
// left.
func TestBrokenTokenizers(t *testing.T) {
	for name, good := range map[string][]byte{"small": []byte(small), "llama2": unzip(t, "llama2.json.gz"), "smollm": unzip(t, "smollm.json.gz")} {
		inputtest.Broken(t, name, good, 4<<20, 400, func(data []byte) error {
			tok, err := ParseJSON(data)
			if err == nil {
				tok.Decode(append(tok.Encode("don't 東京\n12345"), -1, int32(tok.Size())))
			}
			return err
		})
	}
}
