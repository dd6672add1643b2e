package ops_test

import (
	"testing"

	"kvscope/engine/ops"
	"kvscope/engine/ops/opstest"
)

func TestReference(t *testing.T) { opstest.Run(t, ops.Reference()) }
