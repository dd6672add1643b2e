package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"kvscope/engine/input"
)

// command is one word after kvscope.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

func commands() []command {
	return []command{
		{"serve", "open the explorer in a browser", serve},
		{"ask", "answer one needle task or question and say which heads found the needle", ask},
		{"find", "find examples that a method loses and everything read keeps", find},
		{"trace", "record a run in a file, or describe one", traceFile},
		{"eval", "measure accuracy and hit rates over tasks, methods and budgets", eval},
		{"export", "write the page as a static site that computes in the browser", exportSite},
		{"worker", "compute cells of experiments that kvscope serve has queued", worker},
		{"backup", "copy the results of experiments, also while they run", backup},
		{"select", "run one selection method on tensors dumped from any model", selectFile},
		{"tokenize", "print the ids and pieces of a text", tokenize},
		{"dump", "write a model's logits and activations to a file", dump},
		{"train", "train a demo model", trainModel},
		{"info", "say what a model is and what running it takes", info},
		{"convert", "write a model from any source to one safetensors file", convert},
		{"quantize", "write a model with its matrices in bfloat16 or int8", quantize},
		{"bench", "measure the kernels on this machine", benchKernels},
		{"version", "print version, kernels and processor", version},
	}
}

// errUsage is wrong usage: exit status 2.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks a command to end. From then on signals do what they do to any
	// program, so that a second one ends a command that does not listen.
	context.AfterFunc(ctx, stop)
	os.Exit(dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// dispatch runs the command args name and returns the exit status: 0 for success,
// 1 for failure, 2 for wrong usage.
func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		usage(stdout)
		if len(args) == 0 {
			return 2
		}
		return 0
	}
	if args[0] == "--version" || args[0] == "-version" {
		args = append([]string{"version"}, args[1:]...)
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, args[1:], stdout, stderr)
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, errUsage):
			fmt.Fprintf(stderr, "kvscope %s: %v; `kvscope %s --help` lists the flags\n", c.name, err, c.name)
			return 2
		case input.Field(err) != "":
			// A field is named as in requests; its flag has dashes. One within a file is no
			// flag: the error then begins with where it stands.
			text, field := err.Error(), input.Field(err)
			if rest, ok := strings.CutPrefix(text, field+":"); ok {
				text = typed(field) + ":" + rest
			}
			fmt.Fprintf(stderr, "kvscope %s: %s\n", c.name, text)
			return 2
		default:
			fmt.Fprintf(stderr, "kvscope %s: %v\n", c.name, err)
			return 1
		}
	}
	fmt.Fprintf(stderr, "kvscope: no command %q; `kvscope help` lists them\n", args[0])
	return 2
}

// typed is what a person types for a field: its flag, or a variable of the environment, which
// has capitals.
func typed(field string) string {
	if field == strings.ToUpper(field) {
		return field
	}
	return "--" + flagName(field)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "kvscope shows which KV-cache entries sparse attention reads, and how a memory changes that.\n\nUsage: kvscope <command> [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nBegin with `kvscope serve --open`. `kvscope <command> --help` shows a command's flags and examples.\n")
}

// flagSet is a flag set that reports wrong usage in one line and prints examples
// with its help.
type flagSet struct {
	*flag.FlagSet
	stderr   io.Writer
	examples []string
	parsed   []func() // what is still to be said when the flags are known
}

func flags(name string, stderr io.Writer, examples ...string) *flagSet {
	fs := &flagSet{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), stderr: stderr, examples: examples}
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// wrongValue and noValue are what package flag says of a flag.
var (
	wrongValue = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-([a-z-]+): (.*)$`)
	noValue    = regexp.MustCompile(`^flag needs an argument: -([a-z-]+)$`)
)

// wrong is what package flag says is wrong, in the words of all other errors.
func (fs *flagSet) wrong(err error) error {
	if m := noValue.FindStringSubmatch(err.Error()); m != nil {
		return input.Errorf(m[1], "missing, want a value")
	}
	m := wrongValue.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("%w: %s", errUsage, strings.ReplaceAll(err.Error(), "flag provided but not defined: -", "no flag --"))
	}
	value, name, want := m[1], m[2], m[3]
	switch want {
	case "parse error":
		want = fs.kind(name)
	case "value out of range":
		want = fs.kind(name) + " of at most 18 digits"
	}
	return input.Errorf(name, "%s, %s", value, want)
}

// kind says what a flag of package flag's own kinds takes.
func (fs *flagSet) kind(name string) string {
	if f, ok := fs.Lookup(name).Value.(flag.Getter); ok {
		switch f.Get().(type) {
		case bool:
			return "want true or false"
		case uint64:
			return "want a whole number from 0"
		}
	}
	return "want a whole number"
}

// parse reads args, which may hold flags only.
func parse(fs *flagSet, args []string) error {
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fs.help()
		return err
	case err != nil:
		return fs.wrong(err)
	case fs.NArg() > 0:
		return fmt.Errorf("%w: unexpected argument %q", errUsage, fs.Arg(0))
	}
	if name := fs.empty(args); name != "" {
		return input.Errorf(name, "empty, want a value, or no such flag for what it is by default")
	}
	for _, say := range fs.parsed {
		say()
	}
	return nil
}

// empty is the first flag of args, which have been parsed, that is given as nothing: as
// scripts do whose variable is not set. Most would be taken for absent.
func (fs *flagSet) empty(args []string) string {
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		f := fs.Lookup(name)
		if f == nil { // the end of flags
			return ""
		}
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); !joined && ok && b.IsBoolFlag() {
			continue
		}
		if !joined {
			i++
			value = args[i]
		}
		if value == "" {
			return name
		}
	}
	return ""
}

// given reports whether a flag is among the arguments.
func (fs *flagSet) given(name string) bool {
	found := false
	fs.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// renamed is err about flag, where it is about a field that the command calls so.
func renamed(err error, field, flag string) error {
	if input.Field(err) != field {
		return err
	}
	return input.Errorf(flag, "%s", strings.TrimPrefix(err.Error(), field+": "))
}

// blamed is err, of what a flag names, with the flag, unless it is about one by its name
// already.
func blamed(flag string, err error) error {
	field := input.Field(err)
	if err == nil || field != "" && strings.HasPrefix(err.Error(), field+":") {
		return err
	}
	if within := errors.Unwrap(err); within != nil && err.Error() == "model: "+within.Error() {
		err = within
	}
	return fmt.Errorf("--%s: %w", flag, err)
}

// help prints every flag and the examples.
func (fs *flagSet) help() {
	fmt.Fprintf(fs.stderr, "Usage: kvscope %s [flags]\n\nFlags:\n", fs.Name())
	fs.SetOutput(fs.stderr)
	fs.PrintDefaults()
	fmt.Fprint(fs.stderr, "\nExamples:\n")
	for _, e := range fs.examples {
		fmt.Fprintf(fs.stderr, "  %s\n", e)
	}
}
