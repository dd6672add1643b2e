package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// counting counts the bytes that are read of a file.
type counting struct {
	*bytes.Reader
	read int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(p, at)
	c.read += n
	return n, err
}

// TestParseAt finds in files that are not loaded what Parse finds in loaded ones.
func TestParseAt(t *testing.T) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		file := archive(t, filepath.Base(name))
		want, wantErr := Parse(file)
		got, err := ParseAt(bytes.NewReader(file), int64(len(file)))
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s: %v, want %v", name, err, wantErr)
		}
		if err != nil || wantErr != nil {
			continue
		}
		if got.Kind != want.Kind || !reflect.DeepEqual(got.Names(), want.Names()) || !reflect.DeepEqual(got.Metadata, want.Metadata) {
			t.Errorf("%s: %v %v, want %v %v", name, got.Kind, got.Names(), want.Kind, want.Names())
		}
		for _, tensor := range want.Names() {
			a, errA := got.Tensor(tensor)
			b, errB := want.Tensor(tensor)
			if fmt.Sprint(errA) != fmt.Sprint(errB) || !reflect.DeepEqual(a, b) && a.Len()+b.Len() > 0 {
				t.Errorf("%s: %s is %v, %v, want %v, %v", name, tensor, a.Shape, errA, b.Shape, errB)
			}
		}
	}
}

// long is an array above what is unpacked whole, as the content of a .npy file.
func long(n int) string {
	data := make([]byte, 4*n)
	for i := range n {
		binary.LittleEndian.PutUint32(data[4*i:], uint32(i*i))
	}
	return npy(fmt.Sprintf("{'descr': '<i4', 'fortran_order': False, 'shape': (%d, 2), }", n/2), string(data))
}

// packed is an archive of x.npy, stored or deflated.
func packed(t *testing.T, method uint16, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "x.npy", Method: method})
	if err == nil {
		_, err = io.WriteString(w, content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRange reads parts of tensors in any order, and nothing else where the file allows.
func TestRange(t *testing.T) {
	const n = mostWhole/4 + 1000
	ints := make([]float32, n)
	for i := range ints {
		ints[i] = float32(i)
	}
	var saved bytes.Buffer
	if err := Write(&saved, nil, []Tensor{NewF32("w", []int{3}, ints[:3]), NewF32("x", []int{n}, ints)}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		most int // bytes read, beside the elements, of one part at the end
		want func(i int) uint32
	}{
		"safetensors": {saved.Bytes(), 6000, nil},
		"stored":      {packed(t, zip.Store, long(n)), 6000, func(i int) uint32 { return uint32(i * i) }},
		"deflated":    {packed(t, zip.Deflate, long(n)), 1 << 30, func(i int) uint32 { return uint32(i * i) }},
	} {
		r := &counting{Reader: bytes.NewReader(c.file)}
		f, err := ParseAt(r, int64(len(c.file)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		draw := rand.New(rand.NewPCG(1, 2))
		check := func(at, count int) {
			got, err := f.Range("x", at, count)
			if err != nil || len(got.Data) != 4*count {
				t.Fatalf("%s: [%d, %d): %d bytes, %v", name, at, at+count, len(got.Data), err)
			}
			for i := range count {
				bits := binary.LittleEndian.Uint32(got.Data[4*i:])
				if x, _ := got.Float32(); c.want == nil && x[i] != float32(at+i) || c.want != nil && bits != c.want(at+i) {
					t.Fatalf("%s: element %d is %d", name, at+i, bits)
				}
			}
		}
		check(n-50, 50)
		if r.read > c.most+200 {
			t.Errorf("%s: %d bytes were read for 50 elements", name, r.read)
		}
		for range 5 {
			at := draw.IntN(n - 100)
			check(at, 1+draw.IntN(99))
		}
		check(0, 1)
		check(n-1, 1)
	}
}

// torn cannot be read at [from, to).
type torn struct {
	*bytes.Reader
	from, to int64
}

func (r *torn) ReadAt(p []byte, at int64) (int, error) {
	if at < r.to && at+int64(len(p)) > r.from {
		return 0, errors.New("torn")
	}
	return r.Reader.ReadAt(p, at)
}

// TestRangeFails: a part that cannot be read is an error, again and again, and what stands
// before it can be read.
func TestRangeFails(t *testing.T) {
	const n = mostWhole/4 + 1000
	file := packed(t, zip.Deflate, long(n))
	f, err := ParseAt(&torn{Reader: bytes.NewReader(file), from: int64(len(file) / 2), to: int64(len(file) - 4096)}, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := f.Range("x", n-10, 10); err == nil || !strings.Contains(err.Error(), "torn") {
			t.Errorf("behind the damage: %v", err)
		}
		if _, err := f.Range("x", 0, 10); err != nil {
			t.Errorf("before the damage: %v", err)
		}
	}
	lies := npy("{'descr': '<i4', 'fortran_order': False, 'shape': (99999999, 2), }", "abc")
	if f, err = Parse(packed(t, zip.Store, lies)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Tensor("x"); err == nil || !strings.Contains(err.Error(), "3 bytes for shape [99999999 2]") {
		t.Errorf("an array shorter than its shape: %v", err)
	}
}
