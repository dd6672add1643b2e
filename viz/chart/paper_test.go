package chart

import (
	"math"
	"os"
	"testing"

	"kvscope/engine/input/inputtest"
)

// TestBrokenPaper breaks the paper's tables, and draws ours beside what is left of them.
func TestBrokenPaper(t *testing.T) {
	text, err := os.ReadFile("../../assets/paper/tables.json")
	if err != nil {
		t.Fatal(err)
	}
	rows := []Row{row("attention", "quest", "own", 0.25, 0.5), row("ratplus", "quest", "random", 0.25, 0.75)}
	for _, table := range []Table{FromScratch, Continued} {
		inputtest.Broken(t, "table "+string(table), text, 4<<20, 400, func(data []byte) error {
			p, err := ParsePaper(data, table)
			if err != nil {
				return err
			}
			for _, c := range append(Figure1(rows, p), Table5(rows, p)...) {
				for _, s := range c.Series {
					for _, at := range s.Points {
						if !(math.Abs(at.Y) <= 100) {
							t.Errorf("%s has %v", c.ID, at.Y)
						}
					}
				}
			}
			return nil
		})
	}
}
