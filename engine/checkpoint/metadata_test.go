package checkpoint

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// TestReadMetadata: what a file says of itself is read from its beginning, as Parse reads it.
func TestReadMetadata(t *testing.T) {
	var file bytes.Buffer
	want := map[string]string{"format": "x", "note": "ü\n"}
	if err := Write(&file, want, []Tensor{NewF32("a", []int{2}, []float32{1, 2})}); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	if got, err := ReadMetadata(bytes.NewReader(whole[:len(whole)-8])); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("without its tensors it says %v: %v", got, err)
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"empty": {nil, "header length"}, "cut short": {whole[:20], "header"}, "another file": {[]byte("PK\x03\x04 and more"), "at most"}, "no JSON": {[]byte("\x02\x00\x00\x00\x00\x00\x00\x00[]"), "header"},
	} {
		if got, err := ReadMetadata(bytes.NewReader(c.data)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v, want %q", name, got, err, c.says)
		}
	}
}
