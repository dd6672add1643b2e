package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"kvscope/engine/input"
)

// FromFolder reads the tokenizer of a folder as Hugging Face leaves it: tokenizer.json,
// the chat template of chat_template.jinja or tokenizer_config.json, and the tokens that
// end an answer of generation_config.json. read reads the file of a name; all but the first
// may be missing, of which its error is fs.ErrNotExist.
func FromFolder(read func(name string) ([]byte, error)) (*BPE, error) {
	data, err := read("tokenizer.json")
	if err != nil {
		return nil, err
	}
	t, err := ParseJSON(data)
	if err != nil {
		return nil, err
	}
	var generation struct {
		EOS oneOrMany `json:"eos_token_id"`
	}
	if err := readJSON(read, "generation_config.json", &generation); err != nil {
		return nil, err
	}
	for _, id := range generation.EOS {
		if id < 0 || int(id) >= t.Size() {
			return nil, fmt.Errorf("generation_config.json: eos_token_id: %d, allowed are 0 to %d", id, t.Size()-1)
		}
	}
	t.addEnds(generation.EOS)
	template, err := chatTemplate(read)
	if err != nil {
		return nil, err
	}
	t.chat = chatOf(template)
	return t, nil
}

// chatTemplate is the text of the folder's chat template, "" for none.
func chatTemplate(read func(name string) ([]byte, error)) (string, error) {
	text, err := read("chat_template.jinja")
	if !errors.Is(err, fs.ErrNotExist) {
		return string(text), err
	}
	var config struct {
		Template templates `json:"chat_template"`
	}
	return string(config.Template), readJSON(read, "tokenizer_config.json", &config)
}

// readJSON reads a file that may be missing.
func readJSON(read func(name string) ([]byte, error), name string, into any) error {
	data, err := read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, input.FromJSON(err))
	}
	return nil
}

// oneOrMany is ids, written as one or as a list.
type oneOrMany []int32

// UnmarshalJSON reads either form.
func (o *oneOrMany) UnmarshalJSON(data []byte) error {
	var one *int32
	if json.Unmarshal(data, &one) == nil {
		if one != nil {
			*o = oneOrMany{*one}
		}
		return nil
	}
	return json.Unmarshal(data, (*[]int32)(o))
}

// templates is the chat template, of a list of them the one named default.
type templates string

// UnmarshalJSON reads either form.
func (t *templates) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*string)(t)) == nil {
		return nil
	}
	var named []struct{ Name, Template string }
	if err := json.Unmarshal(data, &named); err != nil {
		return err
	}
	for _, n := range named {
		if n.Name == "default" {
			*t = templates(n.Template)
		}
	}
	return nil
}
