package api

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// MaxText is the most bytes of a text that a server keeps for links to it.
const MaxText = 1 << 20

// MaxTexts is how many bytes of texts it keeps in all: those used last.
const MaxTexts = 64 << 20

// TextName is the name that a text is kept under, the first 16 hexadecimal digits of its
// SHA-256.
func TextName(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// IsTextName reports whether s can be the name of a text.
func IsTextName(s string) bool {
	return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == ""
}
