package tokenizer

// Tokenizer turns text into the tokens of one model and back. Implementations are
// immutable and safe for concurrent use.
type Tokenizer interface {
	// Encode turns text into tokens. It adds nothing before or after them.
	Encode(text string) []int32
	// EncodeOffsets is Encode with the place of each token in text. Starts and ends
	// never decrease.
	EncodeOffsets(text string) ([]int32, []Offset)
	// Decode turns tokens into text. Any sequence decodes: tokens such as BOS have no
	// text, and an id outside the vocabulary becomes U+FFFD.
	Decode(ids []int32) string
	// DecodeOffsets is Decode with the place of each token in the text.
	DecodeOffsets(ids []int32) (string, []Offset)
	// Text is one token by itself, as people are shown it: blanks as they are, names
	// in angle brackets for what has no text.
	Text(id int32) string
	// Size is the number of tokens, V: ids are 0 to V-1.
	Size() int
	// Begin lists the tokens that every prompt starts with, such as BOS; often none.
	Begin() []int32
	// Ends lists the tokens that end an answer, the one the model writes first in front.
	Ends() []int32
	// Chat is the text around a prompt for a model that was taught to converse.
	Chat() Chat
	// Fingerprint identifies the vocabulary: models with another are made for another
	// tokenizer.
	Fingerprint() string
}

// Offset is the byte range [Start, End) of a token in its text.
type Offset struct{ Start, End int }

// Chat is the text around a user's message, special tokens spelled out. The zero value
// wraps nothing.
type Chat struct {
	Name          string // of the template, "" for none
	Before, After string // before the message; after it, up to where the answer starts
}
