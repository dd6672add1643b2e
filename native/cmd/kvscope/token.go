package main

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"kvscope/engine/input"
)

// leastToken is the shortest token, in letters: too many to try.
const leastToken = 16

// readToken reads the token in the file at path, or makes a new one there that only this
// user can read. A file and not a flag, since every user of a machine sees its flags.
func readToken(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(rand.Text() + "\n")
		err = createPrivate(path, text)
	}
	if err != nil {
		return "", input.Errorf("token", "%v", err)
	}
	token := strings.TrimSpace(string(text))
	valid := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.~", r)
	}
	if strings.ContainsFunc(token, func(r rune) bool { return !valid(r) }) || len(token) < leastToken {
		return "", input.Errorf("token", "%s holds %d bytes, want %d letters, digits or -_.~ at least, and nothing else", path, len(token), leastToken)
	}
	return token, nil
}

// createPrivate writes a file that must not be there yet.
func createPrivate(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// hostNames splits --host.
func hostNames(list string) ([]string, error) {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "" && list == "":
		case !isHostName(name):
			return nil, input.Errorf("host", "%q, want a name such as lab.example.org, without port or scheme, and xn--... for one that is not ASCII", name)
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

// isHostName reports whether a browser may send name as that of a host: labels of letters,
// digits and dashes, as DNS has them, or of a network without it, with underscores.
func isHostName(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		odd := func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, odd) {
			return false
		}
	}
	return len(name) <= 253
}

// tokenHint says how to open the page of a server that asks for the token in file.
func tokenHint(file string) string {
	if file == "" {
		return ""
	}
	return "Open it with /?token= and what " + file + " holds.\n"
}

// withToken is the address of the page with the token.
func withToken(page, token string) string {
	if token == "" {
		return page
	}
	return page + "/?" + url.Values{"token": {token}}.Encode()
}
