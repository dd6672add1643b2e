package checkpoint

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
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

// zipped is an archive of the given files.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
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
	good := npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "\x00\x00\x80\x3f")
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"objects":      {archive(t, "objects.npz"), `array "x": type "O", want bool, an integer`},
		"big-endian":   {archive(t, "bigendian.npz"), "big-endian"},
		"complex":      {archive(t, "complex.npz"), `type "c8"`},
		"cut":          {archive(t, "arrays.npz")[:500], "npz: zip:"},
		"twice":        {zipped(t, "x.npy", good, "x.npy", good), `"x" is there twice`},
		"reserved":     {zipped(t, "__metadata__.npy", good), "no tensor may have that name"},
		"no array":     {zipped(t, "x.npy", "text, not an array"), "not a .npy file"},
		"version":      {zipped(t, "x.npy", strings.Replace(good, "\x01\x00", "\x09\x00", 1)), "version 9"},
		"long header":  {zipped(t, "x.npy", npyMagic+"\x01\x00\xff\xff{}   "), "header of 65535 bytes"},
		"records":      {zipped(t, "x.npy", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234")), "one type"},
		"short":        {zipped(t, "x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "1234")), "4 bytes for shape [2]"},
		"beyond count": {zipped(t, "x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "")), "value out of range"},
		"overflow":     {zipped(t, "x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 8), }", "")), "overflows"},
		"no width":     {zipped(t, "x.npy", npy("{'descr': '<U0', 'fortran_order': False, 'shape': (9,), }", "")), `text of length "0"`},
	} {
		if _, err := Parse(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
	// What is no array is not looked at.
	f, err := Parse(zipped(t, "readme.txt", "hello", "x.npy", good))
	if err != nil || !slices.Equal(f.Names(), []string{"x"}) {
		t.Errorf("%v, %v", f, err)
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
		got, err := Parse(zipped(t, "x.npy", file))
		if err != nil {
			return
		}
		for _, name := range got.Names() {
			x, err := got.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := bytesOf(x.DType, x.Shape); err != nil || n != len(x.Data) {
				t.Errorf("%s: %d bytes of shape %v, %v", name, len(x.Data), x.Shape, err)
			}
		}
	})
}
