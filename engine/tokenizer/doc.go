// Package tokenizer turns text into the tokens of a model and back. A model owns its
// tokenizer; the kinds stand behind one interface, a file each.
//
//	tok := tokenizer.NewDemo()
//	ids, offsets := tok.EncodeOffsets("The grass is green.")
//	text := tok.Decode(ids)
package tokenizer
