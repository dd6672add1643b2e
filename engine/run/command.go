package run

import (
	"encoding/json"
	"fmt"
	"strings"

	"kvscope/engine/sparse"
)

// Command is the line for a shell that asks for the same: kvscope ask with a flag for every
// field that is set. Own text is handed to it on standard input. It is false where no line
// can say it: of a text with a zero byte.
func (r Request) Command() (line string, ok bool) {
	if r.Method == "" {
		r.Method = sparse.DefaultMethod // a line without it means the same
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("BUG: request is not JSON: %v", err))
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &members); err != nil {
		panic(fmt.Sprintf("BUG: request is no object: %v", err))
	}
	words, piped := []string{"kvscope", "ask"}, ""
	for _, name := range Fields() {
		raw, set := members[name]
		if !set {
			continue
		}
		var values []string // several of a flag that is given once for each
		if json.Unmarshal(raw, &values) != nil {
			values = make([]string, 1)
			if json.Unmarshal(raw, &values[0]) != nil {
				values[0] = string(raw) // a number, or true
			}
		}
		flag := "--" + strings.ReplaceAll(name, "_", "-")
		for _, value := range values {
			switch {
			case strings.ContainsRune(value, 0):
				return "", false
			case name == "text":
				piped = "printf %s " + ShellWord(value) + " | "
				words = append(words, flag, "-")
			case value == "true" || value == "false" || strings.HasPrefix(value, "-"):
				words = append(words, flag+"="+ShellWord(value))
			default:
				words = append(words, flag, ShellWord(value))
			}
		}
	}
	return piped + strings.Join(words, " "), true
}

// ShellWord is a word as a POSIX shell reads it back.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:@%+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
