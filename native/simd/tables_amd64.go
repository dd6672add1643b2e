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
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512DQ, cpuid.FMA3, cpuid.BMI2) {
		tables = append(tables, avx512Table())
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.BMI2) {
		tables = append(tables, avx2Table())
	}
	return tables
}

func avx512Table() *ops.Kernels {
	k := ops.Reference()
	k.Name = "avx512"
	k.MatMul = avx512Product().matMul
	return k
}

func avx2Table() *ops.Kernels {
	k := ops.Reference()
	k.Name = "avx2"
	k.MatMul = avx2Product().matMul
	return k
}

func avx512Product() *product {
	return newProduct(16, [][2]tileFunc{
		{matMul1x16AVX512, matMul1x32AVX512},
		{matMul2x16AVX512, matMul2x32AVX512},
		{matMul3x16AVX512, matMul3x32AVX512},
		{matMul4x16AVX512, matMul4x32AVX512},
		{matMul5x16AVX512, matMul5x32AVX512},
		{matMul6x16AVX512, matMul6x32AVX512},
		{matMul7x16AVX512, matMul7x32AVX512},
		{matMul8x16AVX512, matMul8x32AVX512},
		{matMul9x16AVX512, matMul9x32AVX512},
		{matMul10x16AVX512, matMul10x32AVX512},
		{matMul11x16AVX512, matMul11x32AVX512},
		{matMul12x16AVX512, matMul12x32AVX512},
		{matMul13x16AVX512, matMul13x32AVX512},
		{matMul14x16AVX512, matMul14x32AVX512},
	}, packCopyAVX512, packTransposeAVX512)
}

func avx2Product() *product {
	return newProduct(8, [][2]tileFunc{
		{matMul1x8AVX2, matMul1x16AVX2},
		{matMul2x8AVX2, matMul2x16AVX2},
		{matMul3x8AVX2, matMul3x16AVX2},
		{matMul4x8AVX2, matMul4x16AVX2},
		{matMul5x8AVX2, matMul5x16AVX2},
		{matMul6x8AVX2, matMul6x16AVX2},
	}, packCopyAVX2, packTransposeAVX2)
}
