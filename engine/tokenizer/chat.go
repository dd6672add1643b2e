package tokenizer

import "strings"

// chatKind is a chat template that is known, by what its text has.
type chatKind struct {
	Chat
	marks []string // all of them stand in the template, \n being a line break
}

// chatML is a ChatML chat whose template has a system message of its own, "" for none.
func chatML(name, system string, marks ...string) chatKind {
	if system != "" {
		system = "<|im_start|>system\n" + system + "<|im_end|>\n"
	}
	return chatKind{
		Chat{name, system + "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"},
		append(marks, "<|im_start|>"),
	}
}

const (
	smolLMSystem = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
	qwen25System = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
	qwen2System  = "You are a helpful assistant"

	llama3User  = "<|start_header_id|>user<|end_header_id|>\n\n"
	llama3After = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
	llama31Date = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
)

// chats are the templates that are known, the particular ones before the general. Where
// a template writes today's date, the one it has for want of a clock stands: the same
// prompt makes the same tokens every day.
var chats = []chatKind{
	chatML("SmolLM", smolLMSystem, smolLMSystem),
	chatML("Qwen 2.5", qwen25System, qwen25System),
	chatML("Qwen 2", qwen2System+".", "<|im_start|>system\n"+qwen2System+".<|im_end|>"),
	chatML("Qwen 2", qwen2System, "<|im_start|>system\n"+qwen2System+"<|im_end|>"),
	chatML("ChatML", ""),
	{
		Chat{"Llama 3.1", "<|start_header_id|>system<|end_header_id|>\n\n" + llama31Date + "<|eot_id|>" + llama3User, llama3After},
		[]string{"<|start_header_id|>", "Cutting Knowledge Date"},
	},
	{Chat{"Llama 3", llama3User, llama3After}, []string{"<|start_header_id|>"}},
	{Chat{"Llama 2", "[INST] ", " [/INST]"}, []string{"[INST]", "<<SYS>>"}},
	{Chat{"Mistral", "[INST] ", " [/INST]"}, []string{"[INST]", " [/INST]"}},
	{Chat{"Mistral v3", "[INST] ", "[/INST]"}, []string{"[INST]", "[/INST]"}},
	{
		Chat{"Zephyr", "<|user|>\n", "</s>\n<|assistant|>\n"},
		[]string{"<|user|>\n' + message['content'] + eos_token", "<|assistant|>"},
	},
	{Chat{"OLMo", "<|endoftext|><|user|>\n", "\n<|assistant|>\n"}, []string{"<|user|>", "<|assistant|>", "bos_token"}},
}

// chatOf is the chat of a template's text, none of a template that is not known.
func chatOf(template string) Chat {
	template = strings.ReplaceAll(template, `\n`, "\n")
	for _, c := range chats {
		if c.fits(template) {
			return c.Chat
		}
	}
	return Chat{}
}

func (c chatKind) fits(template string) bool {
	for _, mark := range c.marks {
		if !strings.Contains(template, mark) {
			return false
		}
	}
	return true
}
