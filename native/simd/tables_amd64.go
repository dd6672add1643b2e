//go:build !noasm

package simd

import (
	"github.com/klauspost/cpuid/v2"

	"kvscope/engine/ops"
)

// nativeTables asks for every subset its assembly uses, whatever the processor's
// generation.
func nativeTables() []*ops.Kernels {
	var tables []*ops.Kernels
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512VL, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.F16C, cpuid.FMA3, cpuid.BMI2, cpuid.POPCNT) {
		wide := avx512Set()
		if cpuid.CPU.Supports(cpuid.AMXTILE, cpuid.AMXBF16) && tilesAllowed() {
			tables = append(tables, withTiles(wide))
		}
		tables = append(tables, wide.table())
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.F16C, cpuid.FMA3, cpuid.BMI2, cpuid.POPCNT) {
		tables = append(tables, avx2Set().table())
	}
	return tables
}
