package train

import (
	"math"
	"slices"
	"strings"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// muonMomentum is the share of the old momentum kept in a step, and muonRMS the
// root mean square of an update in units of the learning rate: about twice what
// AdamW's are, so that one learning rate serves both (arXiv:2502.16982).
const muonMomentum, muonRMS = 0.95, 0.4

// muonIterations of the quintic Newton-Schulz iteration bring every singular value
// that is not tiny to about one; muonA, muonB and muonC are its coefficients
// (K. Jordan et al., Muon, 2024).
const (
	muonIterations      = 5
	muonA, muonB, muonC = 3.4445, -4.7750, 2.0315
)

// muon is gradient descent with Nesterov momentum whose every step on a matrix is
// replaced by the nearest matrix with orthonormal rows or columns:
//
//	M ← μM + (1−μ)G,   W ← (1 − lr·decay)·W − lr·rms·sqrt(max(r, c))·orth(μM + (1−μ)G)
//
// so that rare directions of the gradient, such as a new match of keys, move as
// fast as common ones.
type muon struct {
	kernels             *ops.Kernels
	x, y, gram, product []float32
}

func newMuon(cfg model.Config, k *ops.Kernels) *muon {
	n, side := cfg.Dim*max(cfg.Dim, cfg.Hidden), cfg.Dim
	return &muon{
		kernels: k, x: make([]float32, n), y: make([]float32, n),
		gram: make([]float32, side*side), product: make([]float32, side*side),
	}
}

// update takes one step on parameter p with momentum m and gradient g, both of its
// shape; the gradient is scaled by clip first. The parts of an input projection
// are matrices of their own, and those in held stay as they are.
func (u *muon) update(p model.Param, m, g []float32, lr, decay, clip float64, held []int) {
	rows, cols := p.Shape[0], p.Shape[1]
	part := rows
	if strings.HasSuffix(p.Name, "in_proj.weight") {
		part = cols
	}
	for i := range rows / part {
		if slices.Contains(held, i) {
			continue
		}
		at, end := i*part*cols, (i+1)*part*cols
		u.step(ops.Dense(p.Data[at:end], part, cols), m[at:end], g[at:end], lr, decay, float32(clip))
	}
}

func (u *muon) step(w ops.Matrix, m, g []float32, lr, decay float64, clip float32) {
	for i := range m {
		grad := g[i] * clip
		m[i] = muonMomentum*m[i] + (1-muonMomentum)*grad
		u.x[i] = muonMomentum*m[i] + (1-muonMomentum)*grad
	}
	direction := u.orthogonalise(w.Rows, w.Cols)
	rate := float32(lr * muonRMS * math.Sqrt(float64(max(w.Rows, w.Cols))))
	keep := float32(1 - lr*decay)
	for i, d := range direction {
		w.Data[i] = keep*w.Data[i] - rate*d
	}
}

// orthogonalise returns orth of the matrix [rows, cols] in u.x: U·Vᵀ of its
// singular value decomposition U·S·Vᵀ, to within what the iteration leaves.
func (u *muon) orthogonalise(rows, cols int) []float32 {
	n, side := rows*cols, min(rows, cols)
	norm := normOf(u.x[:n])
	if norm == 0 {
		return u.x[:n]
	}
	scale := float32(1 / norm)
	for i := range u.x[:n] {
		u.x[i] *= scale
	}
	k, from, to := u.kernels, u.x[:n], u.y[:n]
	gram, product := ops.Dense(u.gram[:side*side], side, side), ops.Dense(u.product[:side*side], side, side)
	for range muonIterations {
		x, y := ops.Dense(from, rows, cols), ops.Dense(to, rows, cols)
		if rows <= cols {
			k.MatMul(gram, x, x.T(), false)
		} else {
			k.MatMul(gram, x.T(), x, false)
		}
		k.MatMul(product, gram, gram, false)
		for i, v := range gram.Data {
			product.Data[i] = muonB*v + muonC*product.Data[i]
		}
		for i := range side {
			product.Data[i*side+i] += muonA
		}
		if rows <= cols {
			k.MatMul(y, product, x, false)
		} else {
			k.MatMul(y, x, product, false)
		}
		from, to = to, from
	}
	return from
}
