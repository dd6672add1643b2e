package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// splitProbe is a text that tokenizers of one vocabulary take apart otherwise where they
// normalise or split otherwise.
const splitProbe = "It's  2,048 tokens:\n\tGro\u0308ße, naïve_name x² — DON'T 12345!"

// fingerprint is ModelInfo.Fingerprint of l.
func (e *Engine) fingerprint(l *loaded) (string, error) {
	weights, err := l.info.content()
	if err != nil {
		return "", err
	}
	e.mu.RLock()
	trained := l.trained
	e.mu.RUnlock()
	all := struct {
		Weights, Index, Tokenizer string
		Shape                     map[string]string
		Begin, Ends, Probe        []int32
		Before, After             string // of the chat's template
	}{Weights: weights, Index: trained, Shape: l.model.Config().Metadata()}
	if l.tok != nil {
		chat := l.tok.Chat()
		all.Tokenizer, all.Begin, all.Ends, all.Probe = l.tok.Fingerprint(), l.tok.Begin(), l.tok.Ends(), l.tok.Encode(splitProbe)
		all.Before, all.After = chat.Before, chat.After
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic("BUG: " + err.Error()) // strings and numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}
