package checkpoint

import (
	"archive/zip"
	"bytes"
	"os"
	"strings"
	"testing"
)

const release = "../model/testdata/ratplus/release_old.pth"

// torchProgram is data.pkl of a release, and the archive that it stands in.
func torchProgram(t testing.TB) ([]byte, *torchArchive) {
	t.Helper()
	data, err := os.ReadFile(release)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	a := &torchArchive{data: data, folder: "ratplus_release_old/", files: map[string]*zip.File{}}
	for _, f := range r.File {
		a.files[f.Name] = f
	}
	program, err := a.bytes("data.pkl", maxTorchProgram)
	if err != nil {
		t.Fatal(err)
	}
	return program, a
}

func TestParseTorch(t *testing.T) {
	f, err := Open(release)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Kind != KindTorch || len(f.Names()) != 17 {
		t.Errorf("%s of %d tensors", f.Kind, len(f.Names()))
	}
	if f.Metadata["config.model.num_head"] != "3" || f.Metadata["step"] != "3" {
		t.Errorf("metadata %v", f.Metadata)
	}
	if _, err := f.Float32("task._orig_mod.backbone.layers.1.seq_layer.fgate_proj.weight", 48, 48); err != nil {
		t.Error(err)
	}
}

// withProgram is an archive of torch.save's with another data.pkl.
func withProgram(t testing.TB, program string, compressed bool) []byte {
	t.Helper()
	method := zip.Store
	if compressed {
		method = zip.Deflate
	}
	return archived(t, method, "m/data.pkl", program, "m/data/0", strings.Repeat("\x00", 64))
}

// TestTorchRefuses: code is not run, and nothing outside its storage is handed out.
func TestTorchRefuses(t *testing.T) {
	tensor := func(shape, strides string) string {
		return "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n" +
			"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x10tQK\x00" + shape + strides + "\x89}tRs."
	}
	for name, c := range map[string]struct{ program, want string }{
		"a call":        {"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.", "a call of os.system"},
		"an object":     {"\x80\x02csubprocess\nPopen\n)\x81.", "an object of subprocess.Popen"},
		"an opcode":     {"\x80\x02i.", "instruction 0x69"},
		"cut":           {"\x80\x02}", "a broken pickle"},
		"far":           {tensor("K\x64\x85", "K\x01\x85"), "F32 [100] from element 0 on in 64 bytes"},
		"transposed":    {tensor("K\x02K\x02\x86", "K\x01K\x02\x86"), "tensor.contiguous()"},
		"other storage": {strings.Replace(tensor("K\x04\x85", "K\x01\x85"), "FloatStorage", "QInt8Storage", 1), "a QInt8Storage"},
		"itself":        {"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.", "dictionaries deeper than 16"},
	} {
		_, err := Parse(withProgram(t, c.program, false))
		if err == nil || !strings.HasPrefix(err.Error(), "torch: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q in one line", name, err, c.want)
		}
	}
	if f, err := Parse(withProgram(t, tensor("K\x04\x85", "K\x01\x85"), false)); err != nil || !f.Has("w") {
		t.Errorf("a good one: %v", err)
	}
	if _, err := Parse(withProgram(t, tensor("K\x04\x85", "K\x01\x85"), true)); err == nil || !strings.Contains(err.Error(), "is compressed") {
		t.Errorf("compressed: %v", err)
	}
}

// FuzzTorchPickle reads any program beside the tensors of a release: what it names lies
// within them.
func FuzzTorchPickle(f *testing.F) {
	program, archive := torchProgram(f)
	f.Add(program)
	f.Fuzz(func(t *testing.T, program []byte) {
		a := *archive
		file, err := a.tensors(program)
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			if x, err := file.Tensor(name); err != nil || x.Len()*x.DType.Size() != len(x.Data) {
				t.Fatalf("%q of %v: %d bytes, %v", name, x.Shape, len(x.Data), err)
			}
		}
	})
}
