package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/checkpoint/safetensors"
)

func archive(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestParseNPZ reads what NumPy wrote, whose values testdata/npz.py says.
func TestParseNPZ(t *testing.T) {
	for _, name := range []string{"arrays.npz", "compressed.npz"} {
		f, err := Parse(archive(t, name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := []string{"attention", "columns", "double", "empty", "flags", "long", "scalar", "single"}
		if got := f.Names(); !slices.Equal(got, want) {
			t.Errorf("%s: tensors %v, want %v", name, got, want)
		}
		for array, text := range map[string]string{"tokens": `["The"," café"," is"," 🔑"," \u003cb\u003e",""]`, "bytes": `["a","bcd",""]`, "model": "tiny"} {
			if got := f.Metadata[array]; got != text {
				t.Errorf("%s: %s is %s, want %s", name, array, got, text)
			}
		}
		for i := range 24 {
			for array, shift := range map[string]int{"columns": 0, "long": -12} {
				got := integers(t, f, array)
				if len(got) != 24 || got[i] != int64(i+shift) {
					t.Fatalf("%s: %s is %v", name, array, got)
				}
			}
			for _, array := range []string{"single", "double"} {
				got, err := f.Float32(array, 2, 3, 4)
				if err != nil || got[i] != float32(i)/8 {
					t.Fatalf("%s: %s is %v, %v", name, array, got, err)
				}
			}
		}
		attention, err := f.Float32("attention", 2, 2, 4, 6)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := attention[12:18], []float32{0.2, 0.2, 0.2, 0.2, 0.2, 0}; !nearly(got, want) {
			t.Errorf("%s: layer 0, head 0, query 2 is %v, want %v", name, got, want)
		}
		if got := integers(t, f, "flags"); !slices.Equal(got, []int64{1, 0}) {
			t.Errorf("%s: flags %v", name, got)
		}
		scalar, err := f.Tensor("scalar")
		if err != nil || len(scalar.Shape) != 0 {
			t.Errorf("%s: scalar of shape %v, %v", name, scalar.Shape, err)
		}
		if got, err := scalar.Float32(); err != nil || !slices.Equal(got, []float32{2.5}) {
			t.Errorf("%s: scalar %v, %v", name, got, err)
		}
		if empty, err := f.Tensor("empty"); err != nil || !reflect.DeepEqual(empty.Shape, []int{0, 3}) || empty.Len() != 0 {
			t.Errorf("%s: empty of shape %v, %v", name, empty.Shape, err)
		}
	}
}

func integers(t *testing.T, f *File, name string) []int64 {
	t.Helper()
	x, err := f.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func nearly(got, want []float32) bool {
	return slices.EqualFunc(got, want, func(a, b float32) bool { return max(a-b, b-a) <= 1e-3 })
}

// zipped is an archive of files, whose names and contents alternate, as zip writes it.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	return archived(t, zip.Deflate, files...)
}

// archived is an archive of files, whose names and contents alternate, by a method of zip.
func archived(t testing.TB, method uint16, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: method})
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// npy is a .npy file of version 1.
func npy(header, data string) string {
	return npyMagic + "\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + data
}

func TestParseNPZRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"cut":      {archive(t, "arrays.npz")[:500], "npz: zip:"},
		"twice":    {zipped(t, "x.npy", one, "x.npy", one), `"x" is there twice`},
		"reserved": {zipped(t, "__metadata__.npy", one), "no tensor may have that name"},
	} {
		if _, err := Parse(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	// What is no array is not looked at.
	f, err := Parse(zipped(t, "readme.txt", "hello", "x.npy", one))
	if err != nil || !slices.Equal(f.Names(), []string{"x"}) {
		t.Errorf("%v, %v", f, err)
	}
}

// one is the array [1].
var one = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "\x00\x00\x80\x3f")

// TestBrokenArrays: an array that cannot be read says why when it is asked for, and
// leaves the others alone.
func TestBrokenArrays(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"objects":      {archive(t, "objects.npz"), `array "x": holds Python objects`},
		"tokens":       {archive(t, "tokens_object.npz"), `array "tokens": holds Python objects, which only Python can read (element 0 is no array): save numbers or strings`},
		"none":         {archive(t, "none_beside.npz"), `array "mask": holds None`},
		"bfloat16":     {archive(t, "bf16.npz"), `array "q": type "V2", which is bfloat16 as NumPy saves it, without its name: save float32`},
		"float8":       {zipped(t, "x.npy", npy("{'descr': '|V1', 'fortran_order': False, 'shape': (1,), }", "1")), `type "V1", which is float8`},
		"float8 named": {zipped(t, "x.npy", npy("{'descr': '<f1', 'fortran_order': False, 'shape': (1,), }", "1")), "save float32, times the scale"},
		"big-endian":   {archive(t, "bigendian.npz"), "big-endian"},
		"complex":      {archive(t, "complex.npz"), `type "c8"`},
		"no array":     {zipped(t, "x.npy", "text, not an array"), "not a .npy file"},
		"version":      {zipped(t, "x.npy", strings.Replace(one, "\x01\x00", "\x09\x00", 1)), "version 9"},
		"long header":  {zipped(t, "x.npy", npyMagic+"\x01\x00\xff\xff{}   "), "header of 65535 bytes"},
		"longer":       {zipped(t, "x.npy", npyMagic+"\x02\x00\xff\xff\xff\xff{}   "), "header of 4294967295 bytes, at most 1048576"},
		"records":      {zipped(t, "x.npy", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234")), "one type"},
		"short":        {zipped(t, "x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "1234")), "4 bytes for shape [2]"},
		"beyond count": {zipped(t, "x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "")), "value out of range"},
		"overflow":     {zipped(t, "x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 8), }", "")), "overflows"},
		"no width":     {zipped(t, "x.npy", npy("{'descr': '<U0', 'fortran_order': False, 'shape': (9,), }", "")), `text of length "0"`},
	} {
		f, err := Parse(c.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var problems []string
		for _, array := range f.Names() {
			_, err := f.Tensor(array)
			if _, again := f.Tensor(array); err != nil && again.Error() != err.Error() {
				t.Errorf("%s: %v, asked again %v", name, err, again)
			}
			if err != nil && f.Has(array) {
				problems = append(problems, err.Error())
			}
		}
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, c.want) && !strings.Contains(p, "\n") }) {
			t.Errorf("%s: %q, want an error with %q", name, problems, c.want)
		}
	}
}

// TestRaggedArray reads the three maps of three steps that NumPy saved as objects.
func TestRaggedArray(t *testing.T) {
	for _, name := range []string{"generate_ragged.npz", "generate_ragged_old.npz"} {
		ragged(t, name)
	}
}

func ragged(t *testing.T, name string) {
	f, err := Parse(archive(t, name))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := f.Parts("attention")
	if err != nil || len(parts) != 3 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	for i, p := range parts {
		x, err := p.Float32()
		if err != nil || !slices.Equal(p.Shape, []int{2, 4, 1, 10 + i}) || p.DType != F32 {
			t.Fatalf("part %d is %s %v, %v", i, p.DType, p.Shape, err)
		}
		for row := range 8 {
			var sum float32
			for _, v := range x[row*(10+i):][:10+i] {
				sum += v
			}
			if sum < 0.999 || sum > 1.001 {
				t.Errorf("part %d, row %d sums to %g", i, row, sum)
			}
		}
	}
	if _, err := f.Tensor("attention"); err == nil || !strings.Contains(err.Error(), "3 arrays of different shapes") {
		t.Errorf("as one: %v", err)
	}
	if got, err := f.Parts("other"); err == nil {
		t.Errorf("a tensor that is not there: %v", got)
	}
}

// TestNotesOfMacOS: what macOS puts beside a file in an archive is no array.
func TestNotesOfMacOS(t *testing.T) {
	f, err := Parse(archive(t, "macosx.npz"))
	if err != nil || !slices.Equal(f.Names(), []string{"attention"}) {
		t.Errorf("%v, %v", f.Names(), err)
	}
}

// TestArchiveBombs: what an archive says it unpacks to is held against the file before
// memory is taken, and said with numbers.
func TestArchiveBombs(t *testing.T) {
	zeros := npy("{'descr': '|u1', 'fortran_order': False, 'shape': (73400320,), }", strings.Repeat("\x00", 70<<20))
	file := zipped(t, "x.npy", zeros, "y.npy", one)
	f, err := Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = f.Tensor("x")
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), `array "x": unpacks to 734003`) || !strings.Contains(err.Error(), "67108864 are left") {
		t.Errorf("a bomb of %d bytes: %v", len(file), err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes allocated for what is refused", got)
	}
	if y, err := f.Float32("y"); err != nil || !slices.Equal(y, []float32{1}) {
		t.Errorf("beside it: %v, %v", y, err)
	}
}

func TestArchiveLies(t *testing.T) {
	file := zipped(t, "x.npy", one)
	// The size that the directory gives is the last but one of its entry.
	at := bytes.LastIndex(file, []byte("PK\x01\x02")) + 24
	for size, want := range map[uint32]string{1 << 30: "which it cannot", uint32(len(one)) + 4: "unexpected EOF", uint32(len(one)) - 1: "zip: not a valid zip file"} {
		binary.LittleEndian.PutUint32(file[at:], size)
		f, err := Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Tensor("x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("said to be of %d bytes: %v, want an error with %q", size, err, want)
		}
	}
}

func FuzzParseNPZ(f *testing.F) {
	for _, header := range []string{
		"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", "{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }",
		"{'descr': '|S2', 'fortran_order': False, 'shape': (4,), }", "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
	} {
		f.Add(npy(header, "12345678"))
	}
	f.Fuzz(func(t *testing.T, file string) {
		got, err := Parse(archived(t, zip.Store, "x.npy", file)) // packing takes longer than all else
		if err != nil {
			return
		}
		for _, name := range got.Names() {
			x, err := got.Tensor(name)
			if err != nil {
				continue
			}
			if n, err := safetensors.Bytes(x.DType, x.Shape); err != nil || n != len(x.Data) {
				t.Errorf("%s: %d bytes of shape %v, %v", name, len(x.Data), x.Shape, err)
			}
		}
	})
}

// FuzzUnpickle feeds the machine programs: it ends, takes no more memory than the
// program has, and what it reads is whole.
func FuzzUnpickle(f *testing.F) {
	for _, name := range []string{"generate_ragged.npz", "generate_ragged_old.npz", "tokens_object.npz", "none_beside.npz", "objects.npz"} {
		z, err := zip.NewReader(bytes.NewReader(archive(f, name)), int64(len(archive(f, name))))
		if err != nil {
			f.Fatal(err)
		}
		for _, entry := range z.File {
			r, err := entry.Open()
			if err != nil {
				f.Fatal(err)
			}
			if a, err := readNPYHeader(r); err == nil && a.isObjects() {
				program, err := io.ReadAll(r)
				if err != nil {
					f.Fatal(err)
				}
				f.Add(program)
			}
		}
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		parts, err := unpickle("x", program)
		if err != nil {
			return
		}
		for _, p := range parts {
			if n, err := safetensors.Bytes(p.DType, p.Shape); err != nil || n != len(p.Data) {
				t.Errorf("%s: %d bytes of shape %v, %v", p.Name, len(p.Data), p.Shape, err)
			}
		}
	})
}
