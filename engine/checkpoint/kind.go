package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is the format of a file, recognized by its first bytes, as a phrase: "a NumPy array (.npy)".
type Kind string

// The kinds that are told apart. Parse reads safetensors, npz, GGUF and PyTorch's.
const (
	KindSafetensors Kind = "a safetensors file"
	KindNPZ         Kind = "an archive of NumPy arrays (.npz)"
	KindNPY         Kind = "a NumPy array (.npy)"
	KindLFS         Kind = "a git-lfs pointer"
	KindTorch       Kind = "a PyTorch file"
	KindPickle      Kind = "a Python pickle"
	KindGGUF        Kind = "a GGUF file"
	KindZip         Kind = "a zip archive"
	KindGzip        Kind = "a gzip file"
	KindZstd        Kind = "a zstd file"
	KindHDF5        Kind = "an HDF5 file"
	KindHTML        Kind = "a web page"
	KindJSON        Kind = "JSON text"
	KindText        Kind = "text"
	KindEmpty       Kind = "empty"
	KindUnknown     Kind = "of no known kind"
)

// begins are the first bytes of kinds that can be told by them alone.
var begins = []struct {
	magic string
	kind  Kind
}{
	{npyMagic, KindNPY},
	{"version https://git-lfs", KindLFS},
	{"GGUF", KindGGUF},
	{"\x1f\x8b", KindGzip},
	{"\x28\xb5\x2f\xfd", KindZstd},
	{"\x89HDF\r\n\x1a\n", KindHDF5},
}

// torchMagic is the number that PyTorch before 1.6 pickled first.
const torchMagic = "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"

// KindOf tells what a file is. Its first 4 KiB do; of an archive, all of it says more.
func KindOf(file []byte) Kind {
	if len(file) == 0 {
		return KindEmpty
	}
	// Its first bytes are a length, which may look like the beginning of any other kind.
	if len(file) > 8 && file[8] == '{' && binary.LittleEndian.Uint64(file) <= MaxHeader {
		return KindSafetensors
	}
	for _, b := range begins {
		if strings.HasPrefix(string(file[:min(len(file), 32)]), b.magic) {
			return b.kind
		}
	}
	switch {
	case bytes.HasPrefix(file, zipMagic), bytes.HasPrefix(file, emptyZip):
		return kindOfZip(file)
	case len(file) > 2 && file[0] == 0x80 && file[1] >= 2 && file[1] <= 5:
		if bytes.Contains(file[:min(len(file), 32)], []byte(torchMagic)) {
			return KindTorch
		}
		return KindPickle
	}
	return kindOfText(file)
}

// emptyZip begins an archive without files.
var emptyZip = []byte("PK\x05\x06")

// kindOfZip tells archives apart by the files in them. Of one that is cut the first
// file's name is known, which stands after the 30 bytes of its header.
func kindOfZip(file []byte) Kind {
	var names []string
	if archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file))); err == nil {
		for _, entry := range archive.File {
			names = append(names, entry.Name)
		}
	} else if len(file) > 30 {
		n := int(binary.LittleEndian.Uint16(file[26:]))
		names = append(names, string(file[30:min(30+n, len(file))]))
	}
	kind := KindZip
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, ".npy"):
			return KindNPZ
		case name == "data.pkl", strings.HasSuffix(name, "/data.pkl"):
			kind = KindTorch
		}
	}
	return kind
}

// kindOfText tells texts apart, by their beginning.
func kindOfText(file []byte) Kind {
	head := bytes.TrimPrefix(file[:min(len(file), 4096)], []byte("\xef\xbb\xbf"))
	for at := 0; at < len(head); {
		r, size := utf8.DecodeRune(head[at:])
		cut := r == utf8.RuneError && size == 1 && len(file) > len(head) && len(head)-at < utf8.UTFMax
		if r == utf8.RuneError && size == 1 && !cut || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return KindUnknown
		}
		at += size
	}
	head = bytes.ToLower(bytes.TrimSpace(head))
	switch {
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")):
		return KindHTML
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")):
		return KindJSON
	}
	return KindText
}

// Advice says what to do with a file of kind k where tensors are wanted; empty for
// kinds that are read.
func (k Kind) Advice() string {
	switch k {
	case KindSafetensors, KindNPZ, KindGGUF:
		return ""
	case KindNPY:
		return "save it under its name, numpy.savez(file, name=array)"
	case KindLFS:
		return "the file itself was not downloaded: `git lfs pull` fetches it"
	case KindTorch, KindPickle:
		return "save its tensors with safetensors.torch.save_file or numpy.savez"
	case KindZip, KindGzip, KindZstd:
		return "unpack it first"
	case KindHDF5:
		return "save its arrays with numpy.savez"
	case KindEmpty:
		return "was a download or a copy cut off?"
	case KindHTML:
		return "the download was answered with a page, often of a login: download the file itself"
	}
	return "save tensors with safetensors or numpy.savez"
}

// unlike is the error of a file that is not of a kind that is read.
func unlike(k Kind) error {
	return fmt.Errorf("the file is %s, want safetensors, npz or GGUF: %s", k, k.Advice())
}
