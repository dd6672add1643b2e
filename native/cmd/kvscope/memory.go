package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/native/machine"
	"kvscope/viz/number"
)

const (
	// keptBytes is how much memory the last runs may take, kept for pages to look into,
	// where the limit of all is not too low for it.
	keptBytes = 512 << 20
	// keptRuns is how many runs at the whole context of the largest model are kept at
	// least, where memory allows it: those that a page shows at once.
	keptRuns = 4
	// leastMemory is the lowest limit that leaves room for a run and the queue.
	leastMemory = 256 << 20
	// garbagePercent is how much garbage may gather beside what is alive, and mostGarbage
	// how much in bytes, though never less than leastPercent. What is alive is mostly caches,
	// large and without pointers, which cost nothing to mark: a thousand changes of the budget
	// hold 870 MB instead of 1,150 at the usual 100, and take as long.
	garbagePercent, leastPercent = 50, 5
	mostGarbage                  = 256 << 20
	// unlimited is the limit that the Go runtime takes for none.
	unlimited = math.MaxInt64
)

// units of sizes, longest name first where one ends with another.
var units = []struct {
	name  string
	bytes float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}}

// parseMemory reads --memory: bytes, or off for no limit.
func parseMemory(text string) (int64, error) {
	if text == "off" {
		return unlimited, nil
	}
	digits, scale := text, 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			digits, scale = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if err != nil || math.IsNaN(n) {
		return 0, input.Errorf("memory", "%q, want a size such as 700MB, 2GiB, or off for no limit", text)
	}
	if n *= scale; n < leastMemory || n >= unlimited {
		return 0, input.Errorf("memory", "%q, want at least %s, or off for no limit", text, number.Bytes(leastMemory))
	}
	return int64(n), nil
}

// limitMemory sets how much memory the program takes before it collects garbage harder:
// what text says or, where it says nothing, GOMEMLIMIT or half of the machine's. It
// returns the most of that which kept runs may take. The limit is soft: what is alive stays.
func limitMemory(text string) (most int, err error) {
	limit := debug.SetMemoryLimit(-1)
	switch {
	case text != "":
		if limit, err = parseMemory(text); err != nil {
			return 0, err
		}
	case os.Getenv("GOMEMLIMIT") == "":
		if n := machine.Memory(); n > 0 {
			limit = max(n/2, leastMemory)
		}
	}
	debug.SetMemoryLimit(limit)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
		boundGarbage(garbagePercent)
	}
	return int(limit / 4), nil
}

// boundGarbage sets by the end of every collection how much garbage may gather until the
// next, now percent.
func boundGarbage(percent int) {
	type mark struct{ _ *mark } // which no collection finds in use
	runtime.AddCleanup(new(mark), func(percent int) {
		alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(alive)
		next := garbageFor(alive[0].Value.Uint64())
		if next != percent {
			debug.SetGCPercent(next)
		}
		boundGarbage(next)
	}, percent)
}

// garbageFor is how much garbage may gather beside so many bytes that are alive, in percent.
func garbageFor(alive uint64) int {
	return int(min(garbagePercent, max(leastPercent, 100*mostGarbage/max(alive, 1))))
}

// readingOnce is a runner of engine's models that keeps the last prompts as they were read.
func readingOnce(engine *run.Engine) (*run.PrefixCache, error) {
	most, err := limitMemory("")
	if err != nil {
		return nil, err
	}
	return run.NewPrefixCache(engine, keptLimit(engine.Models(), most)), nil
}

// keptLimit is how much memory kept runs or prompts of models may take, at most so much.
func keptLimit(models []run.ModelInfo, most int) int {
	largest := 0
	for _, m := range models {
		// float32 keys, values and queries of every position.
		largest = max(largest, 4*m.Layers*m.HeadDim*(2*m.KVHeads+m.Heads)*m.Context)
	}
	return min(most, max(keptBytes, keptRuns*largest))
}
