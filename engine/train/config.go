package train

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/niah"
)

// Config is a training run: a shape, a seed, and stages taken in order.
//
// Its text form is one "name = value" a line, # comments, and a [stage] line
// before each stage's own values:
//
//	arch = ratplus
//	layers = 6
//	...
//	[stage]
//	context = 128
//	batch = 8192
//	tokens = 8M
//	mix = repeats 0.3, associations 0.4, packed 0.3
//
// With base = FILE an adapter over that model is trained, with index = FILE an index for it;
// its shape is its own.
type Config struct {
	Model   model.Config
	Adapter *AdapterConfig // nil but for an adapter
	Index   *IndexConfig   // nil but for an index
	Seed    uint64
	Stages  []Stage
}

// Stage is a part of the curriculum with a learning rate of its own.
type Stage struct {
	Contexts      []int    // tokens per sequence; every step takes one of them, each as often
	Batch         int      // tokens per step
	Tokens        int      // to train on in this stage
	LR            float64  // peak; reached over Warmup steps from where the stage before ended, then a cosine to LREnd
	LREnd         float64  // a tenth of LR unless set
	Warmup        int      // steps, 100 unless set
	Mix           Mix      // what sequences are drawn
	Tasks         []string // needle tasks drawn, each as often, where they fit the context
	Dilation      int      // D of the dilated mask that some steps train on, 0 for none (not attention's demo model)
	Window        int      // W of that mask
	Initial       int      // first tokens that it leaves to all, 1 unless set
	DilationEvery int      // every n-th step is dilated
	HoldLookBack  bool     // the first layer's queries and keys stay as they began
}

// ParseConfig reads the text form of a Config. Errors name the line.
func ParseConfig(r io.Reader) (*Config, error) {
	c := &Config{Model: model.Config{Context: 1024, Rope: model.Rope{Base: 10000}, Eps: 1e-6, Tied: true}}
	scan := bufio.NewScanner(r)
	given := map[string]bool{} // names of the run, or of the present stage
	for line := 1; scan.Scan(); line++ {
		text, _, _ := strings.Cut(scan.Text(), "#")
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if text == "[stage]" {
			c.Stages = append(c.Stages, Stage{Warmup: 100, Initial: 1})
			clear(given)
			continue
		}
		name, val, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: %q, want name = value", line, text)
		}
		name, val = strings.TrimSpace(name), strings.TrimSpace(val)
		if err := c.take(name, val, given); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if c.Adapter != nil || c.Index != nil {
		return c, c.Validate()
	}
	c.Model.GateBias = c.Model.Memory
	c.Model.KVHeads, c.Model.HeadDim = c.Model.Heads, c.Model.Dim/max(c.Model.Heads, 1)
	return c, c.Validate()
}

// take assigns a value of the last stage, or of the run before the first. A value that
// was given before is an error: one of the two would be dropped without a word.
func (c *Config) take(name, val string, given map[string]bool) error {
	if given[name] {
		return input.Errorf(name, "given twice")
	}
	given[name] = true
	if n := len(c.Stages); n > 0 {
		return c.Stages[n-1].set(name, val)
	}
	return c.set(name, val)
}

// shapeNames maps the fields of a model's shape, as model.Config names them in errors, to
// their names in the text form.
var shapeNames = map[string]string{
	"num_layers": "layers", "num_head": "heads", "d_model": "width", "hidden": "hidden", "context": "context",
}

// set assigns a value of the run.
func (c *Config) set(name, val string) error {
	m := &c.Model
	switch name {
	case "arch":
		m.SetKind(val)
	case "seed":
		seed, err := strconv.ParseUint(val, 10, 64)
		if err != nil {
			return input.Errorf(name, "%q, want a whole number", val)
		}
		c.Seed = seed
	case "layers":
		return setCount(&m.Layers, name, val)
	case "heads":
		return setCount(&m.Heads, name, val)
	case "width":
		return setCount(&m.Dim, name, val)
	case "hidden":
		return setCount(&m.Hidden, name, val)
	case "context":
		return setCount(&m.Context, name, val)
	default:
		if ok, err := c.setAdapter(name, val); ok {
			return err
		}
		if ok, err := c.setIndex(name, val); ok {
			return err
		}
		return input.Errorf(name, "unknown, want arch, seed, layers, heads, width, hidden or context, of an adapter base, prose, rank, gates, ramp or start, or of an index index, dim or block")
	}
	return nil
}

// dilates reports whether a dilated mask is trained on: attention's demo model, which
// learns from the same stages, has no memory to read between the tokens.
func (c *Config) dilates() bool { return c.Adapter != nil || c.Model.Memory }

// set assigns a value of a stage.
func (s *Stage) set(name, val string) error {
	switch name {
	case "context":
		return s.setContexts(val)
	case "batch":
		return setCount(&s.Batch, name, val)
	case "tokens":
		return setCount(&s.Tokens, name, val)
	case "lr":
		return s.setLR(val)
	case "mix":
		return s.Mix.set(val)
	case "tasks":
		s.Tasks = append(s.Tasks, strings.Fields(strings.ReplaceAll(val, ",", " "))...)
	case "warmup":
		return setCount(&s.Warmup, name, val)
	case "initial":
		return setCount(&s.Initial, name, val)
	case "dilation":
		return setCount(&s.Dilation, name, val)
	case "window":
		return setCount(&s.Window, name, val)
	case "dilation_every":
		return setCount(&s.DilationEvery, name, val)
	case "hold_look_back":
		if val != "yes" && val != "no" {
			return input.Errorf(name, "%q, want yes or no", val)
		}
		s.HoldLookBack = val == "yes"
	default:
		return input.Errorf(name, "unknown in a stage, want context, batch, tokens, lr, warmup, mix, tasks, dilation, window, initial, dilation_every or hold_look_back")
	}
	return nil
}

// setContexts reads "256 512 1024".
func (s *Stage) setContexts(val string) error {
	for _, word := range strings.Fields(val) {
		var n int
		if err := setCount(&n, "context", word); err != nil {
			return err
		}
		s.Contexts = append(s.Contexts, n)
	}
	return nil
}

// setLR reads "0.003", or "0.003 to 0.001".
func (s *Stage) setLR(val string) error {
	peak, end, given := strings.Cut(val, " to ")
	lr, err := strconv.ParseFloat(peak, 64)
	s.LR, s.LREnd = lr, lr/10
	if given && err == nil {
		s.LREnd, err = strconv.ParseFloat(end, 64)
	}
	if err != nil {
		return input.Errorf("lr", "%q, want a number such as 0.003, or two such as 0.003 to 0.001", val)
	}
	return nil
}

// longest is the longest of the stage's contexts.
func (s *Stage) longest() int { return slices.Max(s.Contexts) }

// set reads "repeats 0.3, packed 0.7".
func (m *Mix) set(val string) error {
	given := map[string]bool{}
	for _, part := range strings.Split(val, ",") {
		words := strings.Fields(part)
		if len(words) != 2 {
			return input.Errorf("mix", "%q, want a lesson and its share", part)
		}
		if given[words[0]] {
			return input.Errorf("mix", "%s given twice", words[0])
		}
		given[words[0]] = true
		share, err := strconv.ParseFloat(words[1], 64)
		if err != nil {
			return input.Errorf("mix", "%q is not a number", words[1])
		}
		switch words[0] {
		case "repeats":
			m.Repeats = share
		case "associations":
			m.Associations = share
		case "packed":
			m.Packed = share
		case "prose":
			m.Prose = share
		case "tasks":
			m.Tasks = share
		default:
			return input.Errorf("mix", "no lesson %q, want repeats, associations, packed, prose or tasks", words[0])
		}
	}
	return nil
}

// setCount reads a whole number with an optional K or M.
func setCount(dst *int, name, val string) error {
	factor := 1.0
	digits := val
	if n := len(val); n > 0 {
		switch val[n-1] {
		case 'K':
			factor, digits = 1e3, val[:n-1]
		case 'M':
			factor, digits = 1e6, val[:n-1]
		}
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil || v < 0 || v*factor > 1e12 || v*factor != math.Trunc(v*factor) {
		return input.Errorf(name, "%q, want a whole number such as 128, 8K or 2.5M", val)
	}
	*dst = int(v * factor)
	return nil
}

// Validate reports the first value that cannot be. The vocabulary comes from the
// tokenizer and is not looked at.
func (c *Config) Validate() error {
	check := c.validateModel
	switch {
	case c.Index != nil:
		check = c.validateIndex
	case c.Adapter != nil:
		check = c.validateAdapter
	}
	if err := check(); err != nil {
		return err
	}
	if len(c.Stages) == 0 {
		return input.Errorf("stage", "a run needs at least one [stage]")
	}
	for i := range c.Stages {
		if err := c.Stages[i].validate(c); err != nil {
			return fmt.Errorf("stage %d: %w", i+1, err)
		}
	}
	return nil
}

// validateModel is Validate of a demo model's shape.
func (c *Config) validateModel() error {
	m := c.Model
	m.Vocab = 1
	if m.Arch != model.Attention {
		return input.Errorf("arch", "%q, want %s or %s, or a base for an adapter over another model", m.Kind(), model.Attention, model.RATPlus)
	}
	if m.Heads > 0 && m.Dim%(2*m.Heads) != 0 {
		return input.Errorf("heads", "%d of a model of width %d: the head size must be an even whole number", m.Heads, m.Dim)
	}
	err := m.Validate()
	var e *input.Error
	if errors.As(err, &e) {
		if name, ok := shapeNames[e.Field]; ok {
			return input.Errorf(name, "%s", e.Problem)
		}
	}
	return err
}

func (s *Stage) validate(c *Config) error {
	if len(s.Contexts) == 0 {
		return input.Errorf("context", "missing, want one or more, such as 256 512")
	}
	for _, n := range s.Contexts {
		if n < 64 || n > c.Model.Context {
			return input.Errorf("context", "%d, want 64 to the model's %d", n, c.Model.Context)
		}
		if s.Batch < n || s.Batch > 1<<20 || s.Batch%n != 0 {
			return input.Errorf("batch", "%d tokens, want whole sequences of %d and at most %d", s.Batch, n, 1<<20)
		}
	}
	if s.Tokens < 1 {
		return input.Errorf("tokens", "%d, want at least 1", s.Tokens)
	}
	for _, lr := range []float64{s.LR, s.LREnd} {
		if !(lr > 0 && lr < 1) {
			return input.Errorf("lr", "%g, want between 0 and 1", lr)
		}
	}
	x := s.Mix
	switch {
	case !(x.least() >= 0 && math.Abs(x.total()-1) <= 1e-6):
		return input.Errorf("mix", "shares %+v, want them not negative and adding up to 1", x)
	case c.Adapter != nil && x.Repeats+x.Packed > 0:
		return input.Errorf("mix", "repeats and packed are for demo models, want associations, prose and tasks")
	case c.Adapter == nil && x.Prose > 0:
		return input.Errorf("mix", "prose is for adapters, want repeats, associations, packed and tasks")
	}
	if x.Tasks > 0 && len(s.Tasks) == 0 {
		return input.Errorf("tasks", "the mix draws tasks, name some")
	}
	if x.Tasks == 0 && len(s.Tasks) > 0 {
		return input.Errorf("tasks", "%s, and the mix draws none", strings.Join(s.Tasks, " "))
	}
	for _, id := range s.Tasks {
		task, err := niah.ByID(id)
		if err != nil {
			return input.Errorf("tasks", "%v", err)
		}
		if task.ID == niah.OwnID && s.longest() < leastOwn {
			return input.Errorf("tasks", "%s takes a context of at least %d", id, leastOwn)
		}
	}
	switch {
	case s.DilationEvery > 0 && c.Index != nil:
		return input.Errorf("dilation_every", "%d, and an index is trained on all that the model reads", s.DilationEvery)
	case s.DilationEvery > 0 && s.Dilation < 2:
		return input.Errorf("dilation", "%d, want at least 2", s.Dilation)
	case s.DilationEvery == 0 && (s.Dilation > 0 || s.Window > 0 || s.Initial != 1):
		return input.Errorf("dilation_every", "missing, want every how many steps the mask of dilation, window and initial is used")
	case s.Dilation > c.Model.Context:
		return input.Errorf("dilation", "%d, want at most the model's context of %d", s.Dilation, c.Model.Context)
	case s.Window > c.Model.Context:
		return input.Errorf("window", "%d, want at most the model's context of %d", s.Window, c.Model.Context)
	case s.Initial > c.Model.Context:
		return input.Errorf("initial", "%d, want at most the model's context of %d", s.Initial, c.Model.Context)
	}
	return nil
}

// leastOwn is a context in which every needle of niah.OwnTask fits.
const leastOwn = 512

// steps is how many steps the stage takes.
func (s *Stage) steps() int { return max(1, s.Tokens/s.Batch) }

// steps is how many steps the whole run takes.
func (c *Config) steps() int {
	n := 0
	for i := range c.Stages {
		n += c.Stages[i].steps()
	}
	return n
}
