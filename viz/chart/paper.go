package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Paper holds a paper's results of one pair of models.
type Paper struct {
	Label  string // "7B, 4,096 tokens"
	Tokens int    // context
	Rows   []PaperRow

	models map[string]paperModel // by what rows call them
}

// paperModel is one of the two models that a table compares.
type paperModel struct {
	Name   string `json:"name"`
	Memory bool   `json:"memory"`
}

// name is the name of the paper's model with a memory, or of that without.
func (p Paper) name(memory bool) string {
	for _, m := range p.models {
		if m.Memory == memory {
			return m.Name
		}
	}
	return ""
}

// PaperRow is one row of a table. Accuracies are by task, in percent.
type PaperRow struct {
	Method   string             `json:"method"`
	Model    string             `json:"backbone"`
	Selector string             `json:"selector"` // random, or empty for own
	Block    int                `json:"block_size"`
	Text     string             `json:"budget"`
	Accuracy map[string]float64 `json:"accuracy"`
	Mean     map[string]float64 `json:"accuracy_mean"` // over seeds
	Std      map[string]float64 `json:"accuracy_std"`
	Budget   float64            `json:"-"`
}

// check reports what of a row of a table cannot be: tasks are those of the paper.
func (r *PaperRow) check(models map[string]paperModel, tasks map[string]string) error {
	if _, ok := models[r.Model]; !ok {
		return fmt.Errorf("no backbone %q", r.Model)
	}
	if r.Method == "" {
		return errors.New("a row without a method")
	}
	if r.Block < 0 {
		return fmt.Errorf("blocks of %d", r.Block)
	}
	if (len(r.Accuracy) == 0) == (len(r.Mean) == 0) || len(r.Std) != len(r.Mean) {
		return fmt.Errorf("a row of %s with %d accuracies, %d means and %d deviations", r.Method, len(r.Accuracy), len(r.Mean), len(r.Std))
	}
	for _, percents := range []map[string]float64{r.Accuracy, r.Mean, r.Std} {
		for task, percent := range percents {
			if _, ok := tasks[task]; !ok {
				return fmt.Errorf("no task %q", task)
			}
			if !(percent >= 0 && percent <= 100) {
				return fmt.Errorf("%v%% at %s", percent, task)
			}
		}
	}
	above, below, _ := strings.Cut(r.Text, "/")
	a, err := strconv.ParseFloat(above, 64)
	b := 1.0
	if err == nil && below != "" {
		b, err = strconv.ParseFloat(below, 64)
	}
	if r.Budget = a / b; err != nil || !(r.Budget > 0 && r.Budget <= 1) {
		return fmt.Errorf("budget %q", r.Text)
	}
	return nil
}

// Table names a table of accuracies to compare with.
type Table string

// The tables of arXiv:2605.28640.
const (
	FromScratch Table = "3" // 7B pair trained from scratch
	Continued   Table = "4" // OLMo2-7B and its continuation with memory
)

// ParsePaper reads the paper's tables as they are kept in JSON: accuracies of one of
// them, and those of the random selector.
func ParsePaper(text []byte, table Table) (Paper, error) {
	var file struct {
		Tasks  map[string]string         `json:"tasks"` // their names in RULER
		Tokens int                       `json:"context_tokens"`
		Models map[string]paperModel     `json:"backbones"`
		Three  struct{ Rows []PaperRow } `json:"table_3"`
		Four   struct{ Rows []PaperRow } `json:"table_4"`
		Five   struct{ Rows []PaperRow } `json:"table_5"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return Paper{}, fmt.Errorf("read the paper's tables: %w", err)
	}
	p := Paper{Label: "7B, 4,096 tokens", Tokens: file.Tokens, models: file.Models}
	switch table {
	case FromScratch:
		p.Rows = file.Three.Rows
	case Continued:
		p.Rows = file.Four.Rows
	default:
		return p, fmt.Errorf("table %q, want %s or %s", table, FromScratch, Continued)
	}
	p.Rows = append(p.Rows, file.Five.Rows...)
	if p.Tokens < 1 {
		return p, fmt.Errorf("read the paper's tables: a context of %d tokens", p.Tokens)
	}
	if len(p.Rows) == 0 {
		return p, fmt.Errorf("read the paper's tables: no rows of table %s", table)
	}
	for i := range p.Rows {
		if err := p.Rows[i].check(p.models, file.Tasks); err != nil {
			return p, fmt.Errorf("read the paper's tables: %w", err)
		}
	}
	return p, nil
}

// of lists the rows of a method and a selector, of the model with a memory or of that
// without. Where the paper has several
// block sizes, it is those whose share of the context is nearest to ours.
func (p Paper) of(method string, memory bool, selector string, block, context int) []PaperRow {
	var rows []PaperRow
	for _, r := range p.Rows {
		own := r.Selector == "" && selector == "own" || r.Selector == selector
		if r.Method == method && p.models[r.Model].Memory == memory && own {
			rows = append(rows, r)
		}
	}
	nearest, distance := 0, math.Inf(1)
	for _, r := range rows {
		if r.Block == 0 || block == 0 || context == 0 {
			continue
		}
		share := float64(r.Block) / float64(p.Tokens) * float64(context) / float64(block)
		if d := math.Abs(math.Log(share)); d < distance {
			nearest, distance = r.Block, d
		}
	}
	if nearest == 0 {
		return rows
	}
	var out []PaperRow
	for _, r := range rows {
		if r.Block == nearest {
			out = append(out, r)
		}
	}
	return out
}
