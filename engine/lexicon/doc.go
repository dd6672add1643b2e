// Package lexicon is the list of common English words that the needle tasks are
// written with and that the demo vocabulary has a token each for. Its sections are
// parts of speech and subjects: the grammar of the tasks' prose draws from them by
// name.
//
//	words := lexicon.New()
//	key := words.Section("adjective")[0] + "-" + words.Nouns()[0]
package lexicon
