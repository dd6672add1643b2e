package apply

import (
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// configure is flags with what they leave open taken from a file's metadata.
func configure(flags sparse.Config, metadata map[string]string) (sparse.Config, error) {
	c := flags
	m := params{metadata: metadata}
	m.text("method", &c.Method)
	if c.Method == "" {
		return c, input.Errorf("method", "missing, and the file's metadata names none")
	}
	m.text("selector", &c.Selector)
	m.text("pooling", &c.Pooling)
	c.Pooling = strings.TrimSuffix(c.Pooling, "pool") // PyTorch's avgpool, maxpool
	m.number("block_size", &c.Block)
	m.number("window", &c.Window)
	m.number("kernel_size", &c.Kernel)
	m.number("dilation", &c.Dilation)
	m.number("initial", &c.Initial)
	if m.err == nil && flags.K == 0 && flags.Budget == 0 {
		m.size(&c)
	}
	return c, m.err
}

// params reads metadata into what is still zero and keeps the first error.
type params struct {
	metadata map[string]string
	err      error
}

func (m *params) text(key string, dst *string) {
	if *dst == "" {
		*dst = m.metadata[key]
	}
}

func (m *params) number(key string, dst *int) {
	s, ok := m.metadata[key]
	if *dst != 0 || !ok || m.err != nil {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		m.err = input.Errorf(key, "%q in the file's metadata, want a whole number", s)
		return
	}
	*dst = n
}

// size reads how much is selected, for which each method has its own word: top_k
// blocks, a capacity in tokens, or a token_budget, which a block method divides by
// the block; else a budget.
func (m *params) size(c *sparse.Config) {
	info, _ := sparse.Method(c.Method)
	if info.Unit == sparse.UnitToken {
		m.number("capacity", &c.K)
		m.number("token_budget", &c.K)
	} else {
		m.number("top_k", &c.K)
		var tokens int
		m.number("token_budget", &tokens)
		if c.K == 0 && tokens > 0 {
			if c.Block == 0 {
				c.Block = sparse.DefaultBlock
			}
			c.K = max(1, tokens/max(1, c.Block))
		}
	}
	if s, ok := m.metadata["budget"]; ok && c.K == 0 && m.err == nil {
		c.Budget, m.err = sparse.ParseBudget(s)
	}
}
