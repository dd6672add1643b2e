package apply

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// settings are the parameters that a file may hold beside its tensors: its metadata, and
// arrays of one element, which NumPy's savez and torch.save make of a program's numbers.
type settings struct {
	file  *checkpoint.File
	texts map[string]string
	used  map[string]bool   // names, of settings and of tensors, that something was made of
	names map[string]string // the file's name of each parameter that was taken from it
	over  map[string]string // names that another name says too, by that, whose value counts
}

func readSettings(f *checkpoint.File) (*settings, error) {
	// The framework that wrote a file says nothing of the method, and is no oversight.
	s := &settings{file: f, texts: map[string]string{}, used: map[string]bool{"format": true}, names: map[string]string{}, over: map[string]string{}}
	for name := range f.Metadata {
		s.texts[name] = f.Text(name)
	}
	for _, name := range f.Names() {
		_, shape, ok := f.Shape(name)
		if !ok || len(shape) > 1 || len(shape) == 1 && shape[0] != 1 {
			continue
		}
		t, err := f.Tensor(name)
		if err != nil {
			return nil, err
		}
		if s.texts[name], err = t.Text(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// take is the first of the names that the file has a setting of, "" for none. It is an
// error where one of them is there as something that no setting can be.
func (s *settings) take(names ...string) (name, text string, err error) {
	for _, n := range names {
		if text, ok := s.texts[n]; ok {
			s.used[n] = true
			return n, text, nil
		}
	}
	for _, n := range names {
		if err := s.unfit(n); err != nil {
			return "", "", err
		}
	}
	return "", "", nil
}

// absent reports whether the file has nothing of that name, which Python's None says too.
func (s *settings) absent(name string) bool {
	if !s.file.Has(name) {
		return true
	}
	if _, _, ok := s.file.Shape(name); ok {
		return false
	}
	_, err := s.file.Parts(name)
	s.used[name] = s.used[name] || errors.Is(err, checkpoint.ErrNone)
	return errors.Is(err, checkpoint.ErrNone)
}

// unfit says why what the file has under the name of a setting is none.
func (s *settings) unfit(name string) error {
	if name == "k" || s.absent(name) { // k are the keys
		return nil
	}
	if dtype, shape, ok := s.file.Shape(name); ok {
		return s.blame(name, "%s of shape %v, want a single number or text", dtype, shape)
	}
	_, err := s.file.Parts(name)
	if err == nil {
		err = errors.New("an array of arrays")
	}
	return s.blame(name, "%s, want a single number or text", strings.TrimPrefix(err.Error(), fmt.Sprintf("array %q: ", name)))
}

// blame is an error about a setting of the file, which is no flag.
func (s *settings) blame(name, format string, args ...any) error {
	return fmt.Errorf("the file's %w", input.Errorf(name, format, args...))
}

// own is err with the name that the file gives to the field it is about.
func (s *settings) own(err error) error {
	var e *input.Error
	if name := s.names[input.Field(err)]; name != "" && errors.As(err, &e) {
		return s.blame(name, "%s", e.Problem)
	}
	return err
}

// configure is flags with what they leave open taken from the file, for a prompt of
// tokens.
func (s *settings) configure(flags sparse.Config, tokens int) (sparse.Config, error) {
	c := flags
	for _, field := range []struct {
		name string
		to   *string
	}{{"method", &c.Method}, {"selector", &c.Selector}} {
		name, text, err := s.take(field.name)
		switch {
		case *field.to != "":
		case err != nil:
			return c, err
		case name != "":
			*field.to, s.names[field.name] = text, name
		}
	}
	if c.Method == "" {
		return c, input.Errorf("method", "missing, and the file names none")
	}
	info, _ := sparse.Method(c.Method) // an unknown one is refused with the others named
	for _, p := range kLast(info.Settable()) {
		var err error
		if c, err = s.parameter(c, flags, p, info, tokens); err != nil {
			return c, err
		}
	}
	if s.names["k"] != "" && s.names["budget"] != "" { // which k overrides
		delete(s.used, s.names["budget"])
		s.over[s.names["budget"]] = s.names["k"]
		c = c.With("budget", "")
	}
	return c, nil
}

// parameter is c with one parameter as the file has it, unless flags say it.
func (s *settings) parameter(c, flags sparse.Config, p sparse.Param, info sparse.Info, tokens int) (sparse.Config, error) {
	if set(flags, p.Name) {
		for _, n := range slices.Concat(spellings(p), p.Parts) { // understood, and overridden
			s.used[n] = true
		}
		return c, nil
	}
	name, text, err := s.take(spellings(p)...)
	if err == nil && name == "" {
		name, text, err = s.sum(p.Parts)
	}
	if err != nil || name == "" {
		return c, err
	}
	for _, other := range slices.Concat(spellings(p), p.Parts) {
		if _, there := s.texts[other]; there && !s.used[other] {
			s.over[other] = name
		}
	}
	value := text
	if slices.Contains(p.TokenAliases, name) {
		if value, err = s.blocksOf(name, text, c, info, tokens); err != nil {
			return c, err
		}
	}
	if err := p.Check(value); err != nil {
		return c, s.blame(name, "%q, want %s", text, p.Allowed())
	}
	s.names[p.Name] = name
	return c.With(p.Name, value), nil
}

// sum adds up the settings of the given names, whole numbers, where the file has them all;
// name lists them, for messages.
func (s *settings) sum(parts []string) (name, text string, err error) {
	if len(parts) == 0 {
		return "", "", nil
	}
	total := 0
	for _, part := range parts {
		text, ok := s.texts[part]
		if !ok {
			return "", "", nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > math.MaxInt32 {
			return "", "", s.blame(part, "%q, want a whole number from 0", text)
		}
		total += n
	}
	for _, part := range parts {
		s.used[part] = true
	}
	return strings.Join(parts, " and "), strconv.Itoa(total), nil
}

// kLast are parameters with k at the end: what tokens are as blocks the others say.
func kLast(params []sparse.Param) []sparse.Param {
	isK := func(p sparse.Param) bool { return p.Name == "k" }
	i := slices.IndexFunc(params, isK)
	if i < 0 {
		return params
	}
	return append(slices.DeleteFunc(slices.Clone(params), isK), params[i])
}

// set reports whether flags leave a parameter no room: how much is read is said by k or
// by the budget.
func set(flags sparse.Config, name string) bool {
	names := []string{name}
	if name == "k" || name == "budget" {
		names = []string{"k", "budget"}
	}
	return slices.ContainsFunc(names, func(n string) bool { _, ok := flags.Values[n]; return ok })
}

// spellings are the names of a parameter in files.
func spellings(p sparse.Param) []string {
	return slices.Concat([]string{p.Name}, p.Aliases, p.TokenAliases)
}

// blocksOf is a number of tokens as a number of blocks of c, at least one. The authors'
// code of Quest clips the tokens to the prompt first, so that its last block is not
// among them when it is not whole.
func (s *settings) blocksOf(name, text string, c sparse.Config, info sparse.Info, prompt int) (string, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return "", s.blame(name, "%q, want a whole number of tokens from 1", text)
	}
	p, _ := info.Param("block")
	size, ok := c.Values[p.Name]
	if !ok {
		size = p.Default
	}
	if err := p.Check(size); err != nil {
		return "", err
	}
	block, err := strconv.Atoi(size)
	if err != nil {
		return "", err
	}
	if public, err := strconv.ParseBool(c.Values["public_code"]); err == nil && public {
		n = min(n, prompt)
	}
	return strconv.Itoa(max(1, min(n/block, (prompt+block-1)/block))), nil
}

// plan is flags with what they leave open taken from the file, and the plan of that for a
// prompt of tokens.
func (s *settings) plan(flags sparse.Config, tokens int) (sparse.Config, sparse.Plan, error) {
	c, err := s.configure(flags, tokens)
	if err != nil {
		return c, sparse.Plan{}, err
	}
	p, err := sparse.New(c, tokens)
	if err == nil {
		err = p.ForTensors("the file")
	}
	return c, p, s.own(err)
}

// ignored are the names in the file that nothing was made of.
func (s *settings) ignored() []string {
	var out []string
	for name := range s.texts {
		if !s.used[name] {
			out = append(out, name)
		}
	}
	for _, name := range s.file.Names() {
		if _, ok := s.texts[name]; !ok && !s.used[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
