// Command large makes a checkpoint of the full shape of a llama of 7B parameters, random
// bfloat16 in shards, and runs kvscope on it: how long opening takes, what is resident before
// the first token beside the mapped file, and how fast it decodes with a long context, dense
// and by Quest, beside what one core reads of memory. The prompt's tokens mean nothing.
// From the module's root, with 14 GB of disk in -dir and 24 GB of memory:
//
//	go run ./native/bench/testdata/large -dir /tmp/large -tokens 4096
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/native/simd"
)

const (
	width, hidden, heads, vocab = 4096, 11008, 32, 32000
	chunk                       = 1024 // tokens read at once
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "", "folder for the checkpoint; one that is there already is used")
	layers := flag.Int("layers", 32, "layers; fewer to try it out")
	tokens := flag.Int("tokens", 4096, "tokens of the context")
	steps := flag.Int("steps", 4, "decoded tokens, dense and by Quest each")
	flag.Parse()
	if err := measure(*dir, *layers, *tokens, *steps); err != nil {
		log.Fatal(err)
	}
}

func measure(dir string, layers, tokens, steps int) error {
	if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
		if err := write(dir, layers, tokens+2*steps+1); err != nil {
			return err
		}
		debug.FreeOSMemory() // of what was written
	}
	start := time.Now()
	m, err := model.Open(dir, simd.Best())
	if err != nil {
		return err
	}
	fmt.Printf("opened in %.2f s, %s\n", time.Since(start).Seconds(), resident())
	plan, err := sparse.New(sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/16", "block": "16"}}, tokens)
	if err != nil {
		return err
	}
	s, err := m.NewSession(model.Options{
		Block: plan.Block, Summaries: plan.Summaries, Capacity: tokens + 2*steps,
		Selector: plan.Selector, SelectFrom: tokens + steps, SelectTo: tokens + 2*steps,
	})
	if err != nil {
		return err
	}
	fmt.Printf("before the first token: %s\n", resident())
	start = time.Now()
	ids := make([]int32, min(chunk, tokens))
	for at := 0; at < tokens; at += len(ids) {
		for i := range ids {
			ids[i] = int32((at + i) * 7919 % vocab)
		}
		if _, err := s.Prefill(ids[:min(len(ids), tokens-at)]); err != nil {
			return err
		}
		fmt.Printf("read %d tokens in %.0f s, %s\n", s.Len(), time.Since(start).Seconds(), resident())
	}
	cache := float64(tokens * layers * 2 * width * 4)
	for _, side := range []string{"dense", "Quest at 1/16"} {
		read, best, fast := 2*float64(parameters(layers)), 0.0, 0.0
		if side == "dense" {
			read += cache
		} else {
			read += cache/16 + cache/float64(plan.Block) // its blocks, and the bounds of all
		}
		for range steps {
			fast = max(fast, bandwidth(m.Kernels()))
			start := time.Now()
			if _, err := s.Step(1); err != nil {
				return err
			}
			best = max(best, 1/time.Since(start).Seconds())
		}
		fmt.Printf("%s: %.2f s a token, %.1f GB/s of %.1f, %.0f%%\n", side, 1/best, read*best/1e9, fast/1e9, 100*read*best/fast)
	}
	fmt.Println(resident())
	return m.Close()
}

// parameters are those that a token reads: all but the embedding.
func parameters(layers int) int {
	return layers*(4*width*width+3*width*hidden) + vocab*width
}

// bandwidth is what all cores together read of a gigabyte that no cache holds, bytes a second.
func bandwidth(k *ops.Kernels) float64 {
	const rows, dim = 1 << 16, width
	x := gigabyte()
	cores := runtime.GOMAXPROCS(0)
	done := make(chan bool)
	start := time.Now()
	for c := range cores {
		go func() {
			out, q := make([]float32, rows/cores), make([]float32, dim)
			k.DotRows(out, q, x[c*len(out)*dim:][:len(out)*dim])
			done <- true
		}()
	}
	for range cores {
		<-done
	}
	return float64(rows/cores*cores*dim*4) / time.Since(start).Seconds()
}

// gigabyte is memory to read, which is not there before somebody does.
var gigabyte = sync.OnceValue(func() []float32 {
	x := make([]float32, 1<<28)
	for i := range x {
		x[i] = float32(i & 7)
	}
	return x
})

// resident says how much of this process's memory is here: its own, and of mapped files.
func resident() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "resident memory is not known"
	}
	var own, mapped int
	for _, line := range strings.Split(string(text), "\n") {
		_, _ = fmt.Sscanf(line, "RssAnon: %d kB", &own) // other lines are something else
		_, _ = fmt.Sscanf(line, "RssFile: %d kB", &mapped)
	}
	return fmt.Sprintf("%d MB resident, %d more of mapped files", own>>10, mapped>>10)
}

// write makes the checkpoint, a shard a layer.
func write(dir string, layers, context int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	noise := make([]byte, 2*vocab*width)
	rng := rand.NewChaCha8([32]byte{})
	_, _ = rng.Read(noise) // never fails
	for i := 1; i < len(noise); i += 2 {
		noise[i] = noise[i]&0x80 | 0x3c // within 1/128 and 1/32 of zero
	}
	ones := make([]float32, width)
	for i := range ones {
		ones[i] = 1
	}
	matrix := func(name string, rows, cols int) checkpoint.Tensor {
		return checkpoint.Tensor{Name: name, DType: checkpoint.BF16, Shape: []int{rows, cols}, Data: noise[:2*rows*cols]}
	}
	norm := func(name string) checkpoint.Tensor { return checkpoint.NewBF16(name, []int{width}, ones) }
	shards := map[string]string{}
	save := func(file string, tensors ...checkpoint.Tensor) error {
		for _, t := range tensors {
			shards[t.Name] = file
		}
		return checkpoint.Save(filepath.Join(dir, file), nil, tensors)
	}
	for l := range layers {
		at := fmt.Sprintf("model.layers.%d.", l)
		err := save(fmt.Sprintf("model-%05d.safetensors", l),
			norm(at+"input_layernorm.weight"), norm(at+"post_attention_layernorm.weight"),
			matrix(at+"self_attn.q_proj.weight", width, width), matrix(at+"self_attn.k_proj.weight", width, width),
			matrix(at+"self_attn.v_proj.weight", width, width), matrix(at+"self_attn.o_proj.weight", width, width),
			matrix(at+"mlp.gate_proj.weight", hidden, width), matrix(at+"mlp.up_proj.weight", hidden, width),
			matrix(at+"mlp.down_proj.weight", width, hidden))
		if err != nil {
			return err
		}
	}
	if err := save("model-head.safetensors", norm("model.norm.weight"), matrix("model.embed_tokens.weight", vocab, width), matrix("lm_head.weight", vocab, width)); err != nil {
		return err
	}
	index, err := json.Marshal(map[string]any{"weight_map": shards})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), index, 0o600); err != nil {
		return err
	}
	config, err := json.Marshal(map[string]any{
		"model_type": "llama", "architectures": []string{"LlamaForCausalLM"}, "hidden_size": width, "intermediate_size": hidden,
		"num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": heads, "vocab_size": vocab,
		"max_position_embeddings": context, "rms_norm_eps": 1e-5, "rope_theta": 10000, "hidden_act": "silu", "tie_word_embeddings": false, "torch_dtype": "bfloat16",
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600)
}
