package tokenizer

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// parts are the components that c holds, c itself where it is no sequence.
func (c *component) parts() []component {
	switch {
	case c == nil:
		return nil
	case c.Type != "Sequence":
		return []component{*c}
	}
	return append(append(append(c.Normalizers, c.PreTokenizers...), c.Processors...), c.Decoders...)
}

// refuse names a component that is not known.
func (c *component) refuse(allowed string) error {
	return fmt.Errorf("%q, allowed are %s", c.Type, allowed)
}

// normalizers returns the steps that c changes a text by, in their order.
func (c *component) normalizers() ([]normalizer, error) {
	var out []normalizer
	for _, p := range c.parts() {
		switch {
		case p.Type == "NFC":
			out = append(out, newNFC().normalize)
		case p.Type == "Prepend":
			out = append(out, func(a aligned) aligned { return prepend(a, p.Prepend) })
		case p.Type == "Replace" && p.literal() != "":
			out = append(out, func(a aligned) aligned { return replace(a, p.literal(), p.Content) })
		default:
			return nil, p.refuse("NFC, Prepend, Replace of a text, Sequence")
		}
	}
	return out, nil
}

// literal is the text that c looks for, "" where it is an expression.
func (c *component) literal() string {
	if c.Pattern.String == nil {
		return ""
	}
	return *c.Pattern.String
}

// split sets how t cuts a text into pieces.
func (c *component) split(t *BPE) error {
	for _, p := range c.parts() {
		switch p.Type {
		case "ByteLevel":
			t.bytes = true
			if p.AddPrefixSpace != nil && *p.AddPrefixSpace {
				t.split = append(t.split, func(a aligned, next func(aligned)) {
					if !strings.HasPrefix(a.text, " ") {
						a = prepend(a, " ")
					}
					next(a)
				})
			}
			if p.UseRegex == nil || *p.UseRegex {
				t.split = append(t.split, scanning(scanGPT2))
			}
		case "Digits":
			t.split = append(t.split, scanning(scanDigits(p.IndividualDigits)))
		case "Split":
			scan, err := p.scanner()
			if err != nil {
				return err
			}
			t.split = append(t.split, scanning(scan))
		case "Metaspace":
			steps, err := p.metaspace()
			if err != nil {
				return err
			}
			t.split = append(t.split, steps...)
		default:
			return p.refuse("ByteLevel, Digits, Metaspace, Split by a known expression, Sequence")
		}
	}
	return nil
}

// scanner makes the scanner of a Split.
func (c *component) scanner() (scanner, error) {
	if c.Pattern.Regex == nil {
		return nil, fmt.Errorf("a Split by the text %q, allowed is a known expression", c.literal())
	}
	scan := patternScanner(*c.Pattern.Regex)
	if scan == nil {
		return nil, fmt.Errorf("a Split by %q, allowed are the expressions of GPT-2, cl100k (Llama 3, OLMo 2) and Qwen 2", *c.Pattern.Regex)
	}
	// The known expressions match all of any text: what is not matched is nothing.
	if isolated := c.Behavior == "Isolated" && !c.Invert; !isolated && (c.Behavior != "Removed" || !c.Invert) {
		return nil, fmt.Errorf("a Split with behavior %q and invert %t, allowed are Isolated and false, Removed and true", c.Behavior, c.Invert)
	}
	return scan, nil
}

// mark is the character that a Metaspace writes for a blank.
func (c *component) mark() (string, error) {
	if c.Replacement == nil {
		return spaceMark, nil
	}
	if utf8.RuneCountInString(*c.Replacement) != 1 {
		return "", fmt.Errorf("a Metaspace with replacement %q, want one character", *c.Replacement)
	}
	return *c.Replacement, nil
}

// scheme says where a Metaspace marks the start of a text.
func (c *component) scheme() (string, error) {
	scheme := "always"
	if c.PrependScheme != nil {
		scheme = *c.PrependScheme
	}
	if scheme != "always" && scheme != "first" && scheme != "never" {
		return "", fmt.Errorf("a Metaspace with prepend_scheme %q, allowed are always, first, never", scheme)
	}
	if c.AddPrefixSpace != nil && *c.AddPrefixSpace != (scheme != "never") {
		return "", fmt.Errorf("a Metaspace with add_prefix_space %t and prepend_scheme %q, want them to agree", *c.AddPrefixSpace, scheme)
	}
	return scheme, nil
}

// metaspace marks blanks, and the start of a text, by a character that belongs to the
// word after it.
func (c *component) metaspace() ([]step, error) {
	mark, wrongMark := c.mark()
	scheme, wrongScheme := c.scheme()
	if err := cmp.Or(wrongMark, wrongScheme); err != nil {
		return nil, err
	}
	steps := []step{func(a aligned, next func(aligned)) {
		first := a.source(0) == 0
		a = replace(a, " ", mark)
		if (scheme == "always" || scheme == "first" && first) && !strings.HasPrefix(a.text, mark) {
			a = prepend(a, mark)
		}
		next(a)
	}}
	if c.Split == nil || *c.Split {
		steps = append(steps, scanning(scanBefore(mark)))
	}
	return steps, nil
}

// decode sets how t turns tokens into text.
func (c *component) decode(t *BPE, v *vocabulary) error {
	fallback := false
	for _, p := range c.parts() {
		switch {
		case p.Type == "ByteLevel" && t.bytes, p.Type == "Fuse":
		case p.Type == "ByteLevel":
			return errors.New("\"ByteLevel\" without a pre_tokenizer that is ByteLevel, want both")
		case t.bytes:
			return p.refuse("ByteLevel beside a ByteLevel pre-tokenizer")
		case p.Type == "ByteFallback":
			fallback = true
		case p.Type == "Replace" && p.literal() != "" && v.replace[0] == "":
			v.replace = [2]string{p.literal(), p.Content}
		case p.Type == "Strip" && p.Content == " " && p.Stop == 0 && p.Start >= 0:
			t.strip = p.Start
		case p.Type == "Metaspace":
			mark, wrongMark := p.mark()
			scheme, wrongScheme := p.scheme()
			if err := cmp.Or(wrongMark, wrongScheme); err != nil {
				return err
			}
			v.replace = [2]string{mark, " "}
			if scheme != "never" {
				t.strip = 1
			}
		default:
			return p.refuse("ByteLevel, Metaspace, or a Sequence of Replace, ByteFallback, Fuse, and Strip of blanks in front")
		}
	}
	if !t.bytes && fallback != v.byteFallback {
		return errors.New("ByteFallback and model.byte_fallback, want both or none")
	}
	return nil
}

// begin sets the tokens before a prompt.
func (c *component) begin(t *BPE) error {
	for _, p := range c.parts() {
		switch p.Type {
		case "ByteLevel": // trims offsets, which have blanks of their own here
		case "TemplateProcessing":
			for _, piece := range p.Single {
				if piece.Sequence != nil {
					break // the text; what follows it would end an answer before it began
				}
				if piece.SpecialToken == nil {
					return errors.New("single: an entry that is neither a SpecialToken nor a Sequence")
				}
				special, ok := p.SpecialTokens[piece.SpecialToken.ID]
				if !ok {
					return fmt.Errorf("single: the SpecialToken %q is not among special_tokens", piece.SpecialToken.ID)
				}
				t.begin = append(t.begin, special.IDs...)
			}
		default:
			return p.refuse("ByteLevel, TemplateProcessing, Sequence")
		}
	}
	for _, id := range t.begin {
		if !t.token(id).known {
			return fmt.Errorf("token %d is neither in the vocabulary nor in added_tokens", id)
		}
	}
	return nil
}
