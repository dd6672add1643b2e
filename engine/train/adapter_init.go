package train

import (
	"math"
	"math/rand/v2"

	"kvscope/engine/model"
)

// firstGate and lastGate are the biases of the gates at first, linear over the channels
// of a head: mean gates of 0.35. Gates that start nearly shut stay so.
const firstGate, lastGate = -4, 2

// InitialiseAdapter draws an adapter over a model of shape c that changes nothing but
// for its gates: A is normal with a variance of 1/in, B zero. Gates are those of rank
// gateRank, or whole matrices for 0, and none where gated is false.
func InitialiseAdapter(c model.Config, base string, rank, gateRank int, gated bool, seed uint64) *model.Adapter {
	rng := rand.New(rand.NewPCG(seed, 0))
	delta := func(outputs, inputs, rank int) *model.LowRank {
		d, std := model.NewLowRank(outputs, inputs, rank), 1/math.Sqrt(float64(inputs))
		for i := range d.A.F32 {
			d.A.F32[i] = float32(std * rng.NormFloat64())
		}
		return d
	}
	a := &model.Adapter{Base: base, Rank: rank, Layers: make([]model.AdapterLayer, c.Layers)}
	for i := range a.Layers {
		l := &a.Layers[i]
		l.Query, l.Key = delta(c.QueryDim(), c.Dim, rank), delta(c.KVDim(), c.Dim, rank)
		l.Value, l.Out = delta(c.KVDim(), c.Dim, rank), delta(c.Dim, c.QueryDim(), rank)
	}
	// Drawn last, so that adapters with and without gates begin with the same deltas.
	for i := range a.Layers {
		if gated {
			l := &a.Layers[i]
			l.Gate = model.Matrix{Rows: c.KVDim(), Cols: c.Dim}
			if gateRank > 0 {
				l.Gate.Delta = delta(c.KVDim(), c.Dim, gateRank)
			} else {
				l.Gate.F32 = make([]float32, c.KVDim()*c.Dim)
			}
			l.GateBias = make([]float32, c.KVDim())
			for j := range l.GateBias {
				l.GateBias[j] = firstGate + (lastGate-firstGate)*float32(j%c.HeadDim)/float32(c.HeadDim-1)
			}
		}
	}
	return a
}
