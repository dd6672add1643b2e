package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/native/simd"
	"kvscope/viz/number"
)

// dump writes a model's logits and activations over a prompt.
func dump(_ context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flags("dump", stderr,
		"kvscope dump --model ratplus --ids 1,2,3 --out activations.safetensors",
		"kvscope dump --model attention --text notes.txt --out activations.safetensors")
	name := fs.String("model", defaultModel, modelUsage())
	adapter := adapterFlag(fs)
	list := fs.String("ids", "", "token `numbers`, comma-separated")
	text := fs.String("text", "", "`file` to read instead of --ids")
	out := fs.String("out", "", "safetensors `file` to write")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := parse(fs, args); err != nil {
		return err
	}
	switch {
	case *out == "":
		return input.Errorf("out", "missing, want the file to write")
	case (*list == "") == (*text == ""):
		return input.Errorf("ids", "want either --ids or --text")
	}
	if err := notInput("out", *out, *name, *adapter, *text); err != nil {
		return err
	}
	named, err := withAdapter(*name, *adapter)
	if err != nil {
		return err
	}
	m, ids, err := dumped(named, *text)
	if err != nil {
		return err
	}
	defer m.Close()
	if *list != "" {
		for _, word := range strings.Split(*list, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(word), 10, 32)
			if err != nil {
				return input.Errorf("ids", "%q, want whole numbers with commas between them", word)
			}
			ids = append(ids, int32(id))
		}
	}
	tensors, err := activations(m, ids)
	if *text != "" {
		err = renamed(err, "ids", "text")
	}
	if err != nil {
		return err
	}
	if err := save(*out, m.Config().Metadata(), tensors); err != nil {
		return err
	}
	var names []string
	for _, t := range tensors {
		names = append(names, t.Name)
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(map[string][]string{"tensors": names})
	}
	fmt.Fprintf(stdout, "%s: %s over %s\n", *out, number.Of(len(tensors), "tensor"), number.Of(len(ids), "token"))
	return nil
}

// dumped opens the model of that name and reads the text in a file, when one is given:
// only text needs the model to have been made with a vocabulary that is known.
func dumped(name, text string) (*model.Model, []int32, error) {
	if text == "" {
		src, _, found, err := openSource(name)
		if err != nil {
			return nil, nil, blamed("model", err)
		}
		if found {
			m, err := src.Model(simd.Best())
			return m, nil, blamed("model", blameModel(err))
		}
	}
	engine, err := engineWith(name, "")
	if err != nil {
		return nil, nil, err
	}
	m, err := engine.Model(name)
	if err != nil || text == "" {
		return m, nil, err
	}
	tok, err := engine.Tokenizer(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: use --ids", err)
	}
	content, err := readText(text)
	if err != nil {
		return nil, nil, err
	}
	return m, append(tok.Begin(), tok.Encode(content)...), nil
}

// activations runs ids through m and returns the ids, the logits [T, V] and every
// layer's activations, [T, channels] each; with a memory, also the effective length of
// each head's at the last token.
func activations(m *model.Model, ids []int32) ([]checkpoint.Tensor, error) {
	wide := make([]int64, len(ids))
	for i, id := range ids {
		wide[i] = int64(id)
	}
	tensors := []checkpoint.Tensor{checkpoint.NewI64("ids", []int{len(ids)}, wide)}
	session, err := m.NewSession(model.Options{
		Block: 16, Capacity: max(1, len(ids)),
		Tap: func(layer int, name string, data ops.Matrix) {
			x := make([]float32, 0, data.Rows*data.Cols)
			for t := range data.Rows {
				x = append(x, data.Row(t)...)
			}
			tensors = append(tensors, checkpoint.NewF32(fmt.Sprintf("layers.%d.%s", layer, name), []int{data.Rows, data.Cols}, x))
			if name == "gate" {
				lengths := memoryLengths(data, m.Config().KVHeads)
				tensors = append(tensors, checkpoint.NewI64(fmt.Sprintf("layers.%d.memory_length", layer), []int{m.Config().KVHeads}, lengths))
			}
		},
	})
	if err != nil {
		return nil, input.Errorf("ids", "%v", err)
	}
	logits, err := session.PrefillAll(ids)
	if err != nil {
		return nil, input.Errorf("ids", "%v", err)
	}
	return append(tensors, checkpoint.NewF32("logits", []int{len(ids), m.Config().Vocab}, logits)), nil
}

// memoryLengths is the effective memory length of every head at the last position
// of gates [T, D].
func memoryLengths(gate ops.Matrix, heads int) []int64 {
	lengths, dh := make([]int64, heads), gate.Cols/heads
	for h := range lengths {
		lengths[h] = int64(model.MemoryLength(gate.Slice(0, gate.Rows, h*dh, (h+1)*dh), gate.Rows-1))
	}
	return lengths
}
