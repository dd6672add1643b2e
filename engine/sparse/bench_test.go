package sparse

import (
	"fmt"
	"testing"
)

// BenchmarkSelect times one selection at 32K positions, blocks of 16, budget 1/16.
func BenchmarkSelect(b *testing.B) {
	const n, dim, block = 32768, 64, 16
	h, q := cache(31, dim, block, n)
	query := Query{Q: q[(n-1)*dim:], Position: n - 1}
	k := BlocksForBudget(1.0/16, n, block)
	for _, s := range []named{
		{"quest", Quest{Blocks: k}},
		{"moba", MoBA{Blocks: k}},
		{"random", RandomBlocks{Blocks: k}},
		{"oracle-block", OracleBlocks{Blocks: k}},
		{"oracle-token", OracleTokens{Tokens: k * block}},
		{"dilated", Dilated{Dilation: 16}},
		{"streaming", Streaming{Initial: 4, Window: 2044}},
	} {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			var sel Selection
			for b.Loop() {
				s.Select(&sel, query, h)
			}
		})
	}
}

// BenchmarkKeep times one head's eviction.
func BenchmarkKeep(b *testing.B) {
	for _, n := range []int{1024, 4096} {
		h, q := cache(32, 64, 16, n)
		m := SnapKV{Capacity: n / 16, Observed: 32, Kernel: 7}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var sel Selection
			for b.Loop() {
				m.Keep(&sel, q[(n-32)*64:], 0, 0, h)
			}
		})
	}
}
