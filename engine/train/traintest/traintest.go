package traintest

import (
	"bytes"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/tokenizer"
	"kvscope/engine/train"
)

// Config is a small shape of the demo models, with a memory or without, that reads the demo
// vocabulary.
func Config(memory bool) model.Config {
	return model.Config{
		Arch: model.Attention, Memory: memory, Vocab: tokenizer.NewDemo().Size(), Dim: 32, Heads: 2, KVHeads: 2, HeadDim: 16, Layers: 2, Hidden: 64, Context: 256,
		Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, GateBias: memory,
	}
}

// File is a model of shape cfg, with weights drawn from seed, as it stands in a file.
func File(t testing.TB, cfg model.Config, seed uint64) []byte {
	t.Helper()
	meta := cfg.Metadata()
	meta["tokenizer"] = tokenizer.NewDemo().Fingerprint()
	var out bytes.Buffer
	if err := checkpoint.Write(&out, meta, train.Initialise(cfg, seed).Tensors(cfg, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
