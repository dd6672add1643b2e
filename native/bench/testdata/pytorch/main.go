// Command pytorch holds kvscope's training step against PyTorch's, the same weights
// and batch on the same cores, in turns: forward, loss and backward of the demo
// pair, 8,192 tokens at context 1,024, without the optimiser. Loss and gradient norm
// must agree. It is not part of the build: it needs a Python with PyTorch. From the
// module's root:
//
//	go run ./native/bench/testdata/pytorch -python python3 -threads 2
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/train"
	"kvscope/native/simd"
)

const (
	vocab  = 1399
	seqs   = 8
	length = 1024
)

func main() {
	log.SetFlags(0)
	python := flag.String("python", "python3", "an interpreter that has PyTorch")
	threads := flag.Int("threads", 2, "cores for each side")
	rounds := flag.Int("rounds", 12, "turns of each side; the median counts")
	compile := flag.String("mode", "eager", "eager or compile, for PyTorch")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)
	dir, err := os.MkdirTemp("", "kvscope")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, memory := range []bool{false, true} {
		if err := compare(memory, dir, *python, *compile, *threads, *rounds); err != nil {
			log.Fatalf("memory %t: %v", memory, err)
		}
	}
}

func compare(memory bool, dir, python, mode string, threads, rounds int) error {
	cfg := model.Config{
		Arch: model.Attention, Memory: memory, Vocab: vocab, Dim: 128, Heads: 4, KVHeads: 4, HeadDim: 32, Layers: 6, Hidden: 512, Context: length,
		Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true, GateBias: memory,
	}
	weights := train.Initialise(cfg, 1)
	batch := draw()
	parallel := train.NewDataParallel(cfg, weights, simd.Best())
	weightsFile, batchFile := filepath.Join(dir, "weights"), filepath.Join(dir, "batch")
	if err := checkpoint.Save(weightsFile, cfg.Metadata(), weights.Tensors(cfg, "", checkpoint.NewF32)); err != nil {
		return err
	}
	if err := checkpoint.Save(batchFile, nil, []checkpoint.Tensor{
		checkpoint.NewI64("tokens", []int{seqs, length}, wide(batch.Tokens)),
		checkpoint.NewI64("targets", []int{seqs, length}, wide(batch.Targets)),
		checkpoint.NewF32("weights", []int{seqs, length}, batch.Weights),
	}); err != nil {
		return err
	}
	cmd := exec.Command(python, "native/bench/testdata/pytorch/step.py", weightsFile, batchFile, strconv.Itoa(threads), mode)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	answers := bufio.NewReader(out)
	var ours, theirs []float64
	for round := range rounds + 2 {
		start := time.Now()
		loss, _ := parallel.Step(batch, train.Mask{})
		mine := time.Since(start).Seconds()
		var other, otherLoss, otherNorm float64
		if _, err := io.WriteString(in, "step\n"); err != nil {
			return err
		}
		if _, err := fmt.Fscan(answers, &other, &otherLoss, &otherNorm); err != nil {
			return fmt.Errorf("PyTorch's step: %w", err)
		}
		if norm := gradientNorm(parallel); math.Abs(loss-otherLoss) > 1e-4 || math.Abs(norm-otherNorm) > 1e-3*norm {
			return fmt.Errorf("loss %g and gradient norm %g, PyTorch has %g and %g", loss, norm, otherLoss, otherNorm)
		}
		if round >= 2 { // the first turns allocate
			ours, theirs = append(ours, mine), append(theirs, other)
		}
	}
	if err := in.Close(); err != nil {
		return err
	}
	a, b := median(ours), median(theirs)
	const tokens = seqs * length
	fmt.Printf("%-10s %d threads: kvscope %6.0f tokens/s, PyTorch (%s) %6.0f, ratio %.2f\n", cfg.Kind(), threads, tokens/a, mode, tokens/b, b/a)
	return cmd.Wait()
}

// draw is a batch of noise with a target in half of the rows.
func draw() *train.Batch {
	rng := rand.New(rand.NewPCG(1, 2))
	b := &train.Batch{Seqs: seqs, Length: length}
	for i := range seqs * length {
		b.Tokens = append(b.Tokens, int32(rng.IntN(vocab)))
		b.Targets = append(b.Targets, int32(rng.IntN(vocab)))
		b.Weights = append(b.Weights, float32(i%2)*2/(seqs*length))
	}
	return b
}

func wide(x []int32) []int64 {
	out := make([]int64, len(x))
	for i, v := range x {
		out[i] = int64(v)
	}
	return out
}

func gradientNorm(t *train.DataParallel) float64 {
	var sum float64
	for _, p := range t.Main.Grads.Params(t.Main.Config) {
		for _, g := range p.Data {
			sum += float64(g) * float64(g)
		}
	}
	return math.Sqrt(sum)
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
