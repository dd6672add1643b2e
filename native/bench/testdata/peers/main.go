// Command peers holds kvscope on a GGUF file against llama.cpp and against transformers on
// PyTorch, on the same cores, in turns: reading a prompt, feeding tokens after it, and the
// attention maps of all heads. The largest logit must be the same token's, but in bfloat16.
// It is not part of the build: it needs a Python with llama-cpp-python, torch, transformers,
// gguf and accelerate. From the module's root:
//
//	go run ./native/bench/testdata/peers -python python3 -model bin/SmolLM2.gguf
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kvscope/engine/lens"
	"kvscope/engine/model"
	"kvscope/native/simd"
)

// everyQuery is more queries than a prompt has.
const everyQuery = 1 << 30

// side is one of two that are timed in turns.
type side func(seed uint64, tokens, steps int) (measured, error)

// measured is what a turn took.
type measured struct {
	read, step float64 // seconds
	top        int     // the token of the largest logit after the prompt
	peak       int     // of resident memory so far, MB
}

func main() {
	log.SetFlags(0)
	python := flag.String("python", "python3", "an interpreter that has the others")
	file := flag.String("model", "bin/SmolLM2.gguf", "a GGUF file")
	threads := flag.Int("threads", 1, "cores for each side")
	rounds := flag.Int("rounds", 5, "turns of each side; the shortest counts")
	steps := flag.Int("steps", 32, "tokens fed after a prompt")
	lengths := flag.String("lengths", "512,2048", "tokens of the prompts")
	against := flag.String("against", "llama,bf16,f32", "of llama, plain, bf16, f32; eager for attention maps, alone")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)
	debug.SetGCPercent(50) // as the command has it
	m, err := model.Open(*file, simd.Best())
	if err != nil {
		log.Fatal(err)
	}
	for _, kind := range strings.Split(*against, ",") {
		if err := compare(m, kind, *python, *file, *lengths, *threads, *rounds, *steps); err != nil {
			log.Fatalf("%s: %v", kind, err)
		}
	}
}

func compare(m *model.Model, kind, python, file, lengths string, threads, rounds, steps int) error {
	ours := reader(m)
	if kind == "eager" {
		ours, steps = maps(m), 0
	}
	theirs, end, err := peer(kind, python, file, threads)
	if err != nil {
		return err
	}
	for _, n := range strings.Split(lengths, ",") {
		tokens, err := strconv.Atoi(n)
		if err != nil {
			return err
		}
		best := [2]measured{}
		for round := range rounds {
			var turn [2]measured
			for i, side := range []side{ours, theirs} {
				if turn[i], err = side(uint64(round), tokens, steps); err != nil {
					return err
				}
				if round == 0 {
					best[i] = turn[i]
				}
				best[i].read, best[i].step, best[i].peak = min(best[i].read, turn[i].read), min(best[i].step, turn[i].step), turn[i].peak
			}
			if turn[0].top != turn[1].top && kind != "bf16" {
				fmt.Printf("the largest logit is of %d, theirs of %d\n", turn[0].top, turn[1].top)
			}
		}
		us, them := best[0], best[1]
		fmt.Printf("%-5s %5d tokens: read %7.0f tokens/s, theirs %7.0f, ratio %.2f", kind, tokens, float64(tokens)/us.read, float64(tokens)/them.read, them.read/us.read)
		if steps > 0 {
			fmt.Printf("; step %6.1f tokens/s, theirs %6.1f, ratio %.2f", 1/us.step, 1/them.step, them.step/us.step)
		}
		fmt.Printf("; peak %d and %d MB\n", us.peak, them.peak)
	}
	return end()
}

// reader reads a prompt and feeds tokens.
func reader(m *model.Model) side {
	return func(seed uint64, tokens, steps int) (out measured, err error) {
		ids := draw(seed, tokens+steps, m.Config().Vocab)
		s, err := m.NewSession(model.Options{Block: 16, Capacity: tokens + steps})
		if err != nil {
			return out, err
		}
		start := time.Now()
		logits, err := s.Prefill(ids[:tokens])
		if err != nil {
			return out, err
		}
		out.read, out.top = time.Since(start).Seconds(), slices.Index(logits, slices.Max(logits))
		start = time.Now()
		for _, id := range ids[tokens:] {
			if _, err := s.Step(id); err != nil {
				return out, err
			}
		}
		out.step, out.peak = time.Since(start).Seconds()/float64(max(1, steps)), peak()
		return out, nil
	}
}

// maps reads a prompt and computes the attention maps of all heads, a few rows at a time.
func maps(m *model.Model) side {
	return func(seed uint64, tokens, _ int) (out measured, err error) {
		ids := draw(seed, tokens, m.Config().Vocab)
		s, err := m.NewSession(model.Options{Block: 16, Capacity: tokens, Window: everyQuery})
		if err != nil {
			return out, err
		}
		const rows = 256
		buffer := make([]float32, rows*tokens)
		start := time.Now()
		logits, err := s.Prefill(ids)
		if err != nil {
			return out, err
		}
		for l := range m.Config().Layers {
			for h := range m.Config().Heads {
				c := s.Cache(l, h)
				head := lens.NewMap(&lens.HeadTensors{Dim: c.Dim, Prompt: tokens, Q: s.Queries(l, h), K: c.Keys[:tokens*c.Dim]}, m.Kernels(), 0)
				for from := 0; from < tokens; from += rows {
					to := min(from+rows, tokens)
					head.Rows(buffer[:(to-from)*tokens], from, to)
				}
			}
		}
		return measured{read: time.Since(start).Seconds(), top: slices.Index(logits, slices.Max(logits)), peak: peak()}, nil
	}
}

// peer starts the other side.
func peer(kind, python, file string, threads int) (side, func() error, error) {
	cmd := exec.Command(python, "native/bench/testdata/peers/peer.py", kind, file, strconv.Itoa(threads))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	answers := bufio.NewReader(out)
	var ready string
	if _, err := fmt.Fscan(answers, &ready); err != nil {
		return nil, nil, fmt.Errorf("it did not start: %w", err)
	}
	ask := func(seed uint64, tokens, steps int) (m measured, err error) {
		if _, err = fmt.Fprintf(in, "run %d %d %d\n", seed, tokens, steps); err == nil {
			_, err = fmt.Fscan(answers, &m.read, &m.step, &m.top, &m.peak)
		}
		return m, err
	}
	end := func() error {
		if err := in.Close(); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, answers)
		if err != nil {
			return err
		}
		return cmd.Wait()
	}
	return ask, end, nil
}

// draw is what peer.py draws.
func draw(seed uint64, count, vocab int) []int32 {
	out := make([]int32, count)
	for i := range out {
		seed = seed*6364136223846793005 + 1442695040888963407
		out[i] = int32((seed >> 33) % uint64(vocab))
	}
	return out
}

// peak is the most resident memory of this process so far, MB.
func peak() int {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	return int(u.Maxrss >> 10)
}
