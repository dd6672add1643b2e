package tokenizer

import "strings"

// byteChars are the characters that vocabularies of bytes write bytes as: a printable
// byte of Latin-1 is itself, the others are counted from U+0100 on. So a blank is Ġ.
var byteChars = func() (chars [256]rune) {
	next := rune(256)
	for b := range chars {
		switch {
		case b >= '!' && b <= '~', b >= 0xA1 && b <= 0xAC, b >= 0xAE:
			chars[b] = rune(b)
		default:
			chars[b] = next
			next++
		}
	}
	return chars
}()

// byteOf is the reverse of byteChars.
var byteOf = func() map[rune]byte {
	m := make(map[rune]byte, len(byteChars))
	for b, r := range byteChars {
		m[r] = byte(b)
	}
	return m
}()

// BytesOf are the bytes that the characters of a token of byte-level BPE stand for, and whether
// all of them stand for one; without, it is the token as it is.
func BytesOf(token string) (string, bool) {
	var b strings.Builder
	for _, r := range token {
		c, ok := byteOf[r]
		if !ok {
			return token, false
		}
		b.WriteByte(c)
	}
	return b.String(), true
}
