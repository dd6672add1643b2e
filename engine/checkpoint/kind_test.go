package checkpoint

import (
	"strings"
	"testing"
)

func TestKinds(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		kind Kind
		say  string // of the error of Parse; "" for a file that is read
	}{
		"safetensors":   {"\x02\x00\x00\x00\x00\x00\x00\x00{}", KindSafetensors, ""},
		"as a pickle":   {"\x80\x02\x00\x00\x00\x00\x00\x00{}" + strings.Repeat(" ", 0x27e), KindSafetensors, ""},
		"as gzip":       {"\x1f\x8b\x00\x00\x00\x00\x00\x00{}" + strings.Repeat(" ", 0x8b1d), KindSafetensors, ""},
		"npz":           {string(archive(t, "arrays.npz")), KindNPZ, ""},
		"npy":           {string(archive(t, "kinds/plain.npy")), KindNPY, "numpy.savez(file, name=array)"},
		"lfs":           {string(archive(t, "kinds/lfs_pointer.safetensors")), KindLFS, "git lfs pull"},
		"torch":         {string(archive(t, "kinds/torch.pt")), KindTorch, ""},
		"cut torch":     {string(archive(t, "kinds/torch.pt"))[:60], KindTorch, "cut off"},
		"old torch":     {"\x80\x02" + torchMagic + ".\x80\x02M\xe9\x03.", KindTorch, "save_file"},
		"pickle":        {"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94.", KindPickle, "numpy.savez"},
		"gguf":          {"GGUF\x03\x00\x00\x00", KindGGUF, "the file is cut off"},
		"zip":           {string(zipped(t, "a.txt", "hello")), KindZip, "unpack it first"},
		"empty zip":     {string(zipped(t)), KindZip, "unpack it first"},
		"gzip":          {"\x1f\x8b\x08\x00", KindGzip, "unpack it first"},
		"zstd":          {"\x28\xb5\x2f\xfd\x00", KindZstd, "unpack it first"},
		"hdf5":          {"\x89HDF\r\n\x1a\n", KindHDF5, "numpy.savez"},
		"html":          {" <!DOCTYPE html>\n<html>", KindHTML, "often of a login"},
		"html at once":  {"<HTML lang=en>", KindHTML, "often of a login"},
		"json":          {"{\"weight_map\": {}}", KindJSON, "JSON text"},
		"json list":     {"\xef\xbb\xbf\n[1, 2]", KindJSON, "JSON text"},
		"text":          {"q,k,v\n1,2,3\n", KindText, "the file is text"},
		"cut text":      {strings.Repeat("é", 4096)[:4099], KindText, "the file is text"},
		"empty":         {"", KindEmpty, "is empty"},
		"bytes":         {"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09", KindUnknown, "safetensors: header of"},
		"seven of them": {"\x00\x01\x02", KindUnknown, "too short"},
	} {
		if got := KindOf([]byte(c.file)); got != c.kind {
			t.Errorf("%s: %s, want %s", name, got, c.kind)
		}
		_, err := Parse([]byte(c.file))
		if (err == nil) != (c.say == "") || err != nil && (!strings.Contains(err.Error(), c.say) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v, want %q in one line", name, err, c.say)
		}
	}
}
