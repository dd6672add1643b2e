package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/tokenizer"
)

// maxLine is the longest line of `tokenize --lines`, in bytes.
const maxLine = 64 << 20

// tokenize prints the ids and pieces of a text.
func tokenize(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("tokenize", stderr,
		"kvscope tokenize --model ratplus --text notes.txt",
		"kvscope tokenize --tokenizer tokenizer.json --text - --json < notes.txt",
		"kvscope tokenize --tokenizer model.gguf --text texts.jsonl --lines")
	name := fs.String("model", "", "model whose tokenizer it is: a name, a `file` or a folder")
	file := tokenizerFlag(fs)
	text := fs.String("text", "", "`file` with the text; - is standard input")
	lines := fs.Bool("lines", false, "each line is a text, written as a JSON string; each gives a line with the JSON list of its ids")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	switch {
	case *text == "":
		return input.Errorf("text", "missing, want the file with the text, or - for standard input")
	case (*name == "") == (*file == ""):
		return input.Errorf("tokenizer", "want either --model or --tokenizer")
	case *lines && *asJSON:
		return input.Errorf("json", "beside --lines, whose output is JSON already")
	}
	tok, err := chosenTokenizer(*name, *file)
	if err != nil {
		return err
	}
	in := io.Reader(os.Stdin)
	if *text != "-" {
		f, err := os.Open(*text)
		if err != nil {
			return input.Errorf("text", "%v", err)
		}
		defer f.Close()
		in = f
	}
	if *lines {
		return tokenizeLines(tok, in, stdout)
	}
	content, err := io.ReadAll(in)
	if err != nil {
		return input.Errorf("text", "%v", err)
	}
	return printTokens(tok, string(content), *asJSON, stdout)
}

// tokenizerFlag adds --tokenizer to fs.
func tokenizerFlag(fs *flagSet) *string {
	return fs.String("tokenizer", "", "tokenizer.json, the folder of one, or GGUF `file`; a model's own")
}

// chosenTokenizer finds the tokenizer of the model of that name, or opens the one in file.
func chosenTokenizer(name, file string) (tokenizer.Tokenizer, error) {
	if name != "" {
		engine, err := engineWith(name, "")
		if err != nil {
			return nil, err
		}
		return engine.Tokenizer(name)
	}
	tok, err := run.OpenTokenizer(file)
	if err != nil {
		return nil, input.Errorf("tokenizer", "%v", err)
	}
	return tok, nil
}

// printTokens prints the tokens of text, those that prompts begin with left out.
func printTokens(tok tokenizer.Tokenizer, text string, asJSON bool, w io.Writer) error {
	out := struct {
		IDs    []int32  `json:"ids"`
		Pieces []string `json:"pieces"`
	}{IDs: tok.Encode(text)}
	out.Pieces = make([]string, len(out.IDs))
	for i, id := range out.IDs {
		out.Pieces[i] = tok.Text(id)
	}
	if asJSON {
		return json.NewEncoder(w).Encode(out)
	}
	for i, id := range out.IDs {
		if _, err := fmt.Fprintf(w, "%7d  %q\n", id, out.Pieces[i]); err != nil {
			return err
		}
	}
	return nil
}

// tokenizeLines answers each line, a text as a JSON string, by a line of its ids.
func tokenizeLines(tok tokenizer.Tokenizer, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	w := bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	n := 0
	for lines.Scan() {
		n++
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			return input.Errorf("lines", "line %d: %v, want a text as a JSON string", n, input.FromJSON(err))
		}
		ids := tok.Encode(text)
		if ids == nil {
			ids = []int32{}
		}
		if err := encoder.Encode(ids); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return input.Errorf("lines", "line %d: %v", n+1, err)
	}
	return w.Flush()
}
