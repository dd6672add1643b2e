package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"kvscope/engine/checkpoint"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/train/traintest"
)

// walkValues are values that a flag may come to have: unknown, zero, negative, huge, not a
// number, and of another type. No value is the default of a flag but those of switches, of
// seeds and of what is all or nothing. $F/other.txt is a file of another kind than most want.
var walkValues = []string{"", " ", "x", "$F/other.txt", "0", "-1", "1", "0.5", "NaN", "-Inf", "1e400", "9223372036854775807", "99999999999999999999", "1/0", "true"}

// walkAgain are the values for a flag that another command has been given all of.
var walkAgain = []string{"", "x", "-1", "NaN"}

// walkShort is the value for every flag where tests are to be short.
var walkShort = []string{"x"}

// walkedCommand is how the flags of a command are walked.
type walkedCommand struct {
	// base are the arguments that others are tried with, by flag, those of most under "".
	// A flag needs some of its own where it has no effect, or no sense, beside those.
	base map[string]string
	// fine are values that are right, and whose effect is not in what the command prints
	// and writes: how fast it is, or what it does when it goes on.
	fine map[string]string
	// ended commands are told to end before they begin: those that would go on.
	ended bool
}

const (
	walkAsk     = "--model ratplus --task MK-1 --seed 3 --context 160 --method quest --budget 1/4 --block 8 --json"
	walkOwn     = "--model ratplus --text $F/own.txt --key cat --value 7 --json"
	walkSnap    = "--model ratplus --task MK-1 --seed 3 --context 160 --budget 1/2 --window 8 --json --method "
	walkCapture = "--model $F/qkv.safetensors --method twilight --top-p 0.7 --budget 1/2 --block 4 --json"
	walkEval    = "--models ratplus --tasks MK-1 --examples 1 --context 150 --budget 1/4 --block 8 --json --methods "
	walkSelect  = "--in $F/qkv.safetensors --out out.safetensors --budget 1/2 --json --method "
)

// walkParams are, for the parameters of methods, the method that a command is given after
// its base.
var walkParams = map[string]string{
	"beta": "pyramidkv", "channels": "rocketkv", "dense-layers": "quest", "dilation": "dilated", "group": "snapkv", "initial": "streaming", "kernel": "snapkv", "page": "rocketkv",
	"pooling": "snapkv", "safe": "adakv", "scorer": "adakv", "top-p": "twilight", "whose-budget": "knorm", "window": "snapkv",
}

var walkedCommands = map[string]walkedCommand{
	"ask": {
		base: with(walkSnap, map[string]string{
			"": walkAsk, "prompt": "--model ratplus --json", "text": "--model ratplus --question cat --json", "questions": "--model ratplus --task MQ --context 256 --json", "key": walkOwn, "question": walkOwn, "value": walkOwn, "depth": "--model ratplus --task MK-1 --context 250 --json",
			"selector-seed": walkAsk + " --selector random", "layout": walkCapture, "scale": walkCapture, "mask": walkCapture,
		}),
		fine: map[string]string{"memory-cap": "9223372036854775807", "memory-strength": "1", "selector-seed": "0", "force": "0", "safe": "0 0.5", "mask": "0", "scale": "0.5"},
	},
	"trace": {base: map[string]string{"": walkAsk + " --out run.safetensors", "in": "--json", "out": walkAsk}},
	"find":  {base: map[string]string{"": "--task MK-1 --seed 3 --context 160 --method quest --budget 1/8 --models ratplus --seeds 2"}},
	"eval": {
		base: with(walkEval, map[string]string{"": walkEval + "quest", "seeds": walkEval + "quest --selector own,random"}),
		fine: map[string]string{"workers": "1"},
	},
	"select": {
		base: with(walkSelect, map[string]string{"": walkSelect + "quest --block 4", "seed": walkSelect + "quest --block 4 --selector random", "k": "--in $F/qkv.safetensors --out out.safetensors --json --method quest --block 4"}),
		fine: map[string]string{"mask": "0", "scale": "0.5", "seed": "0"},
	},
	"dump":     {base: map[string]string{"": "--model ratplus --ids 3,4 --out out.safetensors", "ids": "--model ratplus --out out.safetensors", "text": "--model ratplus --out out.safetensors"}},
	"tokenize": {base: map[string]string{"": "--model ratplus --text $F/own.txt", "tokenizer": "--text $F/own.txt", "lines": "--model ratplus --text $F/lines.jsonl"}},
	"info":     {base: map[string]string{"": "--model ratplus"}},
	"convert":  {base: map[string]string{"": "--model ratplus --out out.safetensors"}},
	"quantize": {base: map[string]string{"": "--model ratplus --out out.safetensors"}},
	"train":    {base: map[string]string{"": "--config $F/small.conf --out trained"}, fine: map[string]string{"resume": "1 true"}},
	"backup":   {base: map[string]string{"": "--data $F/data --out out.db"}},
	"version":  {base: map[string]string{"": ""}},
	// What begins to measure, to listen or to take cells is told to end at once.
	"bench":  {ended: true, base: map[string]string{"": ""}, fine: map[string]string{"json": "1 true"}},
	"export": {ended: true, base: map[string]string{"": "--out site"}, fine: map[string]string{"json": "1 true", "widget": "0 1 true", "snapshots": "0 1 true", "disk": "0 1 true", "out": "any"}},
	"worker": {ended: true, base: map[string]string{"": "--queue nats://127.0.0.1:1"}, fine: map[string]string{"json": "0 1 true", "workers": "1", "data": "any"}},
	"serve": {
		ended: true, base: map[string]string{"": "--addr 127.0.0.1:0 --data data"},
		fine: map[string]string{"json": "1 true", "open": "1 true", "embed": "1 true", "workers": "0 1", "data": "any", "host": "x 0 -1 1 0.5 NaN -Inf 1e400 9223372036854775807 99999999999999999999 true", "memory": ""},
	},
}

// with is own, and a base for every parameter of methods.
func with(base string, own map[string]string) map[string]string {
	for name, method := range walkParams {
		own[name] = base + method
	}
	return own
}

// TestWalkFlags gives every flag of every command every kind of value. Each is refused by
// the flag's name in one line, or changes what comes of the command, or is the default. The
// flags are those that the commands say they have, so that a new one is walked at once.
func TestWalkFlags(t *testing.T) {
	w := &walk{t: t, fixtures: t.TempDir(), seen: map[string]bool{}}
	w.fixture()
	t.Chdir(t.TempDir())
	for _, c := range commands() {
		w.own = flagsOf(t, c.name)
		how, ok := walkedCommands[c.name]
		if !ok {
			t.Errorf("the walk has no arguments for %s", c.name)
			continue
		}
		for _, f := range w.own {
			w.flag(c.name, how, f)
		}
	}
	t.Logf("%d values, %d refused by name", w.tried, w.refused)
}

// walkedFlag is a flag as the help of its command has it.
type walkedFlag struct {
	name, usage string
	isSwitch    bool
}

var (
	flagLine = regexp.MustCompile(`(?m)^  -([a-z-]+)( \S+)?\n((?:    .*\n)+)`)
	another  = regexp.MustCompile(`same as --([a-z-]+)`)
	standard = regexp.MustCompile(`\(default "?([^")]*)"?\)`)
)

// flagsOf reads the flags of a command from its help, which its flag set prints.
func flagsOf(t *testing.T, command string) []walkedFlag {
	t.Helper()
	_, _, help := runCommand(t, command, "--help")
	var out []walkedFlag
	for _, m := range flagLine.FindAllStringSubmatch(help, -1) {
		out = append(out, walkedFlag{name: m[1], usage: m[3], isSwitch: m[2] == ""})
	}
	if n := strings.Count(help, "\n  -"); len(out) == 0 || len(out) != n {
		t.Fatalf("%s: %d flags read of %d", command, len(out), n)
	}
	return out
}

// walk is a walk over flags.
type walk struct {
	t              *testing.T
	fixtures       string
	seen           map[string]bool // flags that a command before has, by name and help
	own            []walkedFlag    // of the command
	tried, refused int
}

// flag tries values of a flag.
func (w *walk) flag(command string, how walkedCommand, f walkedFlag) {
	base, ok := how.base[f.name]
	if !ok {
		base = how.base[""]
	}
	if f.name == "json" {
		base = strings.ReplaceAll(base, "--json", "")
	}
	args := strings.Fields(strings.ReplaceAll(base, "$F", w.fixtures))
	plain := sync.OnceValue(func() string { // what comes of it without the flag
		digest, err := w.outcome(command, how.ended, args)
		if err != "" && !how.ended && slices.Contains(args, "--"+f.name) { // else it may be the flag that is missing
			w.t.Errorf("%s %s: %s", command, base, err)
		}
		return digest
	})
	names := f.name
	if m := another.FindStringSubmatch(f.usage); m != nil {
		names += "|" + m[1]
	}
	blamed := regexp.MustCompile(`(^|[^\w-])--(` + names + `)\b`)
	values := walkValues
	if w.seen[f.name+f.usage] {
		values = walkAgain
	}
	if testing.Short() {
		values = walkShort
	}
	w.seen[f.name+f.usage] = true
	for _, value := range values {
		value = strings.ReplaceAll(value, "$F", w.fixtures)
		w.tried++
		got, err := w.outcome(command, how.ended, append(slices.Clone(args), "--"+f.name+"="+value))
		if other := w.foreign(err); other != "" {
			w.t.Errorf("%s --%s=%q is refused with %s, which it has not: %s", command, f.name, value, other, err)
		}
		switch {
		case err != "" && strings.Count(err, "\n") == 1 && blamed.MatchString(err):
			w.refused++
		case err == "" && (f.means(value, args) || got != plain()):
		case fine(how.fine[f.name], value) && (err == "" || how.ended):
		case err != "":
			w.t.Errorf("%s --%s=%q is refused without its name: %s", command, f.name, value, err)
		default:
			w.t.Errorf("%s --%s=%q has no effect and is not refused", command, f.name, value)
		}
	}
}

// flagNamed is a flag as a message names it.
var flagNamed = regexp.MustCompile(`(?:^|[\s(,;` + "`" + `])(--[a-z][a-z-]*)`)

// foreign is a flag in what a command says is wrong that it has not, "" for none.
func (w *walk) foreign(problem string) string {
	for _, m := range flagNamed.FindAllStringSubmatch(problem, -1) {
		if m[1] != "--help" && !slices.ContainsFunc(w.own, func(f walkedFlag) bool { return "--"+f.name == m[1] }) {
			return m[1]
		}
	}
	return ""
}

// fine reports whether a list of values has value, or is any.
func fine(list, value string) bool {
	return value != "" && (list == "any" || slices.Contains(strings.Fields(list), value))
}

// means reports whether a flag that is not given has this value.
func (f walkedFlag) means(value string, args []string) bool {
	if f.isSwitch {
		return value == "0"
	}
	if m := standard.FindStringSubmatch(f.usage); m != nil && m[1] == value {
		return true
	}
	// What is not given before the value under test is none, or what the method has.
	for i, arg := range args {
		if arg == "--method" || arg == "--methods" {
			info, _ := sparse.Method(args[i+1])
			p, ok := info.Param(strings.ReplaceAll(f.name, "-", "_"))
			return ok && p.Default == value
		}
	}
	return false
}

var timing = regexp.MustCompile(`"timing_ms":\{[^}]*\}|"per_sec":[0-9.]+|(?m)^.*tokens +\S+/s.*$|^time .*$`)

// outcome runs a command in an empty folder, and is a digest of what it prints and writes,
// or what it says is wrong.
func (w *walk) outcome(command string, ended bool, args []string) (digest, problem string) {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	if ended {
		cancel()
	}
	other := filepath.Join(w.fixtures, "other.txt") // which may be written over
	if err := os.WriteFile(other, []byte(strings.Repeat("The dog ran. A cat sat. ", 9)), 0o600); err != nil {
		w.t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if dispatch(ctx, append([]string{command}, args...), &stdout, &stderr) != 0 {
		problem = stderr.String()
	}
	sum := sha256.New()
	if content, err := os.ReadFile(other); err == nil {
		sum.Write(content)
	}
	fmt.Fprintln(sum, timing.ReplaceAllString(stdout.String(), ""), stderr.String())
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		fmt.Fprintln(sum, path)
		if filepath.Base(path) == "out.safetensors" {
			content, err := os.ReadFile(path)
			sum.Write(content)
			return err
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	for _, e := range entries {
		err = os.RemoveAll(e.Name())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), problem
}

// fixture writes the files that commands are given, and ships a small model with fresh
// weights and a short book.
func (w *walk) fixture() {
	t := w.t
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(w.fixtures, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	models := fstest.MapFS{}
	cfg := traintest.Config(true)
	cfg.Dim, cfg.HeadDim, cfg.Hidden = 16, 8, 32
	models[run.DemoMemory+".safetensors"] = &fstest.MapFile{Data: traintest.File(t, cfg, 0)}
	before := shipped
	t.Cleanup(func() { shipped = before })
	shipped.models = func() fs.FS { return models }
	shipped.book = func() (string, error) {
		return "Tom sat on the fence. The paint was wet. Nobody came by that day. He went home.", nil
	}

	write("own.txt", []byte(strings.Repeat("The cat sat. A dog ran. ", 9)))
	write("lines.jsonl", []byte("\"The cat sat.\"\n"))
	write("small.conf", []byte("arch = ratplus\nlayers = 1\nheads = 2\nwidth = 16\nhidden = 32\ncontext = 64\n[stage]\ncontext = 64\nbatch = 64\ntokens = 64\nlr = 0.003\nmix = repeats 1\n"))
	const heads, length, dim = 2, 64, 4
	x := make([]float32, 3*heads*length*dim)
	for i := range x {
		x[i] = float32(i*i%31)/8 - 2
	}
	var tensors []checkpoint.Tensor
	for i, name := range []string{"q", "k", "v"} {
		tensors = append(tensors, checkpoint.NewF32(name, []int{heads, length, dim}, x[i*len(x)/3:(i+1)*len(x)/3]))
	}
	if err := checkpoint.Save(filepath.Join(w.fixtures, "qkv.safetensors"), nil, tensors); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := runCommand(t, append(strings.Fields("eval --data "+filepath.Join(w.fixtures, "data")), strings.Fields(walkEval+"quest")...)...); status != 0 {
		t.Fatal(stderr)
	}
}
