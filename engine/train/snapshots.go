package train

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// firstSnapshot is the step of the first model kept, of runs with as many.
const firstSnapshot = 50

// snapshotSteps spreads n models over a run of total steps: in geometric steps,
// since most of what can be seen forms early.
func snapshotSteps(total, n int) []int {
	var steps []int
	start := float64(min(firstSnapshot, total))
	for i := range n {
		at := total
		if i < n-1 {
			at = int(math.Round(start * math.Pow(float64(total)/start, float64(i)/float64(n-1))))
		}
		if len(steps) == 0 || at > steps[len(steps)-1] {
			steps = append(steps, at)
		}
	}
	return steps
}

// snapshotName is the name of the model after so many steps, without its ending. In their
// order names are in that of the steps.
func snapshotName(steps int) string { return fmt.Sprintf("%06d", steps) }

// saveSnapshot keeps the model as it is now.
func (r *Trainer) saveSnapshot() error {
	if err := os.MkdirAll(r.historyPath(), 0o755); err != nil {
		return err
	}
	return r.saveLearned(filepath.Join(r.historyPath(), snapshotName(r.steps)))
}

// clearSnapshots removes the models that an earlier run kept in dir, and nothing else.
func clearSnapshots(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".safetensors")
		if steps, err := strconv.Atoi(name); !ok || err != nil || steps < 0 || snapshotName(steps) != name {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
