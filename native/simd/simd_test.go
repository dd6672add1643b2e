package simd

import (
	"slices"
	"testing"

	"kvscope/engine/ops/opstest"
)

func TestTables(t *testing.T) {
	for _, table := range Tables() {
		t.Run(table.Name, func(t *testing.T) { opstest.Run(t, table) })
	}
}

// TestBest holds the order of Tables: names differ and the reference comes last.
func TestBest(t *testing.T) {
	tables, seen := Tables(), map[string]bool{}
	for _, table := range tables {
		if seen[table.Name] {
			t.Errorf("two tables are named %q", table.Name)
		}
		seen[table.Name] = true
	}
	if last := tables[len(tables)-1].Name; last != "go" {
		t.Errorf("the last table is %q, want the reference", last)
	}
	if best := Best().Name; best != tables[0].Name {
		t.Errorf("best is %q, the first table %q", best, tables[0].Name)
	}
}

// onReference lists, by table, the kernels that are the reference's still.
var onReference = map[string][]string{}

// TestEveryKernelIsWired: no table lacks a kernel, and the ones that are the
// reference's are those that onReference names.
func TestEveryKernelIsWired(t *testing.T) {
	for _, table := range nativeTables() {
		if slow := opstest.OnReference(t, table); !slices.Equal(slow, onReference[table.Name]) {
			t.Errorf("%s: the reference's are %v, want %v", table.Name, slow, onReference[table.Name])
		}
	}
}

func FuzzTables(f *testing.F) { opstest.Fuzz(f, Tables()...) }

func BenchmarkTables(b *testing.B) { opstest.Bench(b, Tables()...) }
