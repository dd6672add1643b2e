package client

import (
	"encoding/json"
	"fmt"

	"kvscope/engine/input"
	"kvscope/engine/trace"
)

// decode reads the answer of an endpoint into to, or returns what it says is wrong.
func decode(path string, status int, answer []byte, to any) error {
	if status >= 400 {
		var refusal struct{ Error trace.Failure }
		if json.Unmarshal(answer, &refusal) != nil || refusal.Error.Message == "" {
			return fmt.Errorf("ask %s: status %d", path, status)
		}
		if refusal.Error.Field != "" {
			return input.Errorf(refusal.Error.Field, "%s", refusal.Error.Message)
		}
		return fmt.Errorf("%s", refusal.Error.Message)
	}
	if err := json.Unmarshal(answer, to); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
