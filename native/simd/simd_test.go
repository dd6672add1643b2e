package simd

import (
	"testing"

	"kvscope/engine/ops/opstest"
)

func TestTables(t *testing.T) {
	for _, table := range Tables() {
		t.Run(table.Name, func(t *testing.T) { opstest.Run(t, table) })
	}
}

func FuzzTables(f *testing.F) { opstest.Fuzz(f, Tables()...) }

func BenchmarkTables(b *testing.B) { opstest.Bench(b, Tables()...) }
