//go:build !noasm

package simd

import "kvscope/engine/ops"

func avx512Set() *set {
	return &set{
		name: "avx512",
		product: newProduct(16, [][2]tileFunc{
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
		}, [][2]tileFunc{
			{matMulRows1x16AVX512, matMulRows1x32AVX512},
			{matMulRows2x16AVX512, matMulRows2x32AVX512},
			{matMulRows3x16AVX512, matMulRows3x32AVX512},
			{matMulRows4x16AVX512, matMulRows4x32AVX512},
			{matMulRows5x16AVX512, matMulRows5x32AVX512},
			{matMulRows6x16AVX512, matMulRows6x32AVX512},
			{matMulRows7x16AVX512, matMulRows7x32AVX512},
			{matMulRows8x16AVX512, matMulRows8x32AVX512},
			{matMulRows9x16AVX512, matMulRows9x32AVX512},
			{matMulRows10x16AVX512, matMulRows10x32AVX512},
			{matMulRows11x16AVX512, matMulRows11x32AVX512},
			{matMulRows12x16AVX512, matMulRows12x32AVX512},
			{matMulRows13x16AVX512, matMulRows13x32AVX512},
			{matMulRows14x16AVX512, matMulRows14x32AVX512},
		}, packCopyAVX512, packTransposeAVX512),
		compact: &compactSet{
			compactRows[uint16]{matVecBF16AVX512, matVec4BF16AVX512}, compactRows[int8]{matVecInt8AVX512, matVec4Int8AVX512}, ops.Reference(),
		},
		add:             addAVX512,
		sigmoid:         sigmoidAVX512,
		silu:            siluAVX512,
		gelu:            geluAVX512,
		geluBackward:    geluBackwardAVX512,
		rope:            ropeAVX512,
		dot:             dotAVX512,
		dot3:            dot3AVX512,
		dotRowsOf:       dotRowsAVX512,
		boundScoresOf:   boundScoresAVX512,
		countFrom:       countFromAVX512,
		minMaxOf:        minMaxAVX512,
		weightedSum:     weightedSumAVX512,
		softmaxRows:     softmaxAVX512,
		softmaxBackRows: softmaxBackwardAVX512,
		normRow:         normRowAVX512,
		normBackwardRow: normBackwardRowAVX512,
		adamWOf:         adamWAVX512,
		scan:            memoryScanAVX512,
		scanBackward:    memoryScanBackwardAVX512,
	}
}

func avx2Set() *set {
	return &set{
		name: "avx2",
		product: newProduct(8, [][2]tileFunc{
			{matMul1x8AVX2, matMul1x16AVX2},
			{matMul2x8AVX2, matMul2x16AVX2},
			{matMul3x8AVX2, matMul3x16AVX2},
			{matMul4x8AVX2, matMul4x16AVX2},
			{matMul5x8AVX2, matMul5x16AVX2},
			{matMul6x8AVX2, matMul6x16AVX2},
		}, [][2]tileFunc{
			{matMulRows1x8AVX2, matMulRows1x16AVX2},
			{matMulRows2x8AVX2, matMulRows2x16AVX2},
			{matMulRows3x8AVX2, matMulRows3x16AVX2},
			{matMulRows4x8AVX2, matMulRows4x16AVX2},
			{matMulRows5x8AVX2, matMulRows5x16AVX2},
			{matMulRows6x8AVX2, matMulRows6x16AVX2},
		}, packCopyAVX2, packTransposeAVX2),
		compact: &compactSet{
			compactRows[uint16]{matVecBF16AVX2, matVec4BF16AVX2}, compactRows[int8]{matVecInt8AVX2, matVec4Int8AVX2}, ops.Reference(),
		},
		add:             addAVX2,
		sigmoid:         sigmoidAVX2,
		silu:            siluAVX2,
		gelu:            geluAVX2,
		geluBackward:    geluBackwardAVX2,
		rope:            ropeAVX2,
		dot:             dotAVX2,
		dot3:            dot3AVX2,
		dotRowsOf:       dotRowsAVX2,
		boundScoresOf:   boundScoresAVX2,
		countFrom:       countFromAVX2,
		minMaxOf:        minMaxAVX2,
		weightedSum:     weightedSumAVX2,
		softmaxRows:     softmaxAVX2,
		softmaxBackRows: softmaxBackwardAVX2,
		normRow:         normRowAVX2,
		normBackwardRow: normBackwardRowAVX2,
		adamWOf:         adamWAVX2,
		scan:            memoryScanAVX2,
		scanBackward:    memoryScanBackwardAVX2,
	}
}
