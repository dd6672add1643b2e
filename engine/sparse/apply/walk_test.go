package apply

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// carrier is a way in which files hold settings beside q, k and v.
type carrier struct {
	name string
	file func(t *testing.T, settings map[string]any) *checkpoint.File
}

// carriers are metadata of safetensors, its tensors of one element, and arrays of NumPy's.
var carriers = []carrier{
	{"metadata", func(t *testing.T, settings map[string]any) *checkpoint.File {
		texts := map[string]string{}
		for name, v := range settings {
			texts[name] = fmt.Sprint(v)
		}
		return build(t, texts, tensors()...)
	}},
	{"scalars", func(t *testing.T, settings map[string]any) *checkpoint.File {
		texts, all := map[string]string{}, tensors()
		for name, v := range settings {
			if text, ok := v.(string); ok {
				texts[name] = text
				continue
			}
			dtype, data := scalar(v)
			all = append(all, checkpoint.Tensor{Name: name, DType: dtype, Shape: []int{1}, Data: data})
		}
		return build(t, texts, all...)
	}},
	{"npz", func(t *testing.T, settings map[string]any) *checkpoint.File {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		add := func(name, descr, shape string, data []byte) {
			header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
			w, err := z.Create(name + ".npy")
			if err == nil {
				_, err = fmt.Fprintf(w, "\x93NUMPY\x01\x00%s%s%s", binary.LittleEndian.AppendUint16(nil, uint16(len(header))), header, data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range tensors() {
			add(x.Name, "<f4", strings.NewReplacer("[", "(", "]", ")", " ", ", ").Replace(fmt.Sprint(x.Shape)), x.Data)
		}
		for name, v := range settings {
			if text, ok := v.(string); ok {
				add(name, fmt.Sprintf("|S%d", max(1, len(text))), "()", append([]byte(text), make([]byte, max(0, 1-len(text)))...))
				continue
			}
			dtype, data := scalar(v)
			add(name, map[checkpoint.DType]string{checkpoint.I64: "<i8", checkpoint.U64: "<u8", checkpoint.F64: "<f8", checkpoint.Bool: "|b1"}[dtype], "()", data)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := checkpoint.Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return f
	}},
}

func scalar(v any) (checkpoint.DType, []byte) {
	switch v := v.(type) {
	case int:
		return checkpoint.I64, binary.LittleEndian.AppendUint64(nil, uint64(v))
	case uint64:
		return checkpoint.U64, binary.LittleEndian.AppendUint64(nil, v)
	case float64:
		return checkpoint.F64, binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
	case bool:
		if v {
			return checkpoint.Bool, []byte{1}
		}
		return checkpoint.Bool, []byte{0}
	}
	panic(fmt.Sprintf("BUG: %T", v))
}

// tensors are q, k and v of 64 positions.
var tensors = sync.OnceValue(func() []checkpoint.Tensor {
	const n = 2 * 64 * 4
	var all []checkpoint.Tensor
	for i, name := range []string{"q", "k", "v"} {
		all = append(all, checkpoint.NewF32(name, []int{2, 64, 4}, ramp(3 * n)[i*n:][:n]))
	}
	return slices.Clip(all)
})

// odd are values that a setting may be given by mistake, and some that are right.
var odd = []any{
	0, 1, 3, 8, -1, math.MinInt64, math.MaxInt64, uint64(math.MaxUint64), 1 << 20, 1<<20 + 1,
	0.0, 0.5, 2.5, 8.0, -0.25, 1e-300, 1e300, math.NaN(), math.Inf(1), math.Inf(-1), true, false,
	"", " ", "many", "8", " 8 ", "08", "0x10", "1e1", "1/4", "1/0", "NaN", "-0", "max", "avgpool", "٣",
}

// TestEverySetting gives every parameter of every method, under each of its names and in
// each way that a file has settings, values that are right, wrong and absurd. Each one
// is refused by its name in one line, or changes what is done, or is the default.
func TestEverySetting(t *testing.T) {
	tried, refused := 0, 0
	for _, way := range carriers {
		for _, m := range saved() {
			base := map[string]any{"method": m.ID, "window": 5, "budget": "1/4"}
			before := settled(t, way, base)
			for _, p := range m.Settable() {
				for _, name := range spellings(p) {
					if name == "k" && way.name != "metadata" {
						continue // there it is the keys
					}
					values := odd
					if name != p.Name || way.name == "npz" { // which are read as the others are
						values = []any{3, -1, 1 << 20, 1e300, math.NaN(), true, "many"}
					}
					for _, v := range values {
						settings := maps.Clone(base)
						delete(settings, p.Name)
						settings[name] = v
						r, err := Run(sparse.Config{}, Options{}, way.file(t, settings), ops.Reference())
						what := fmt.Sprintf("%s, %s: %s = %v (%T)", way.name, m.ID, name, v, v)
						tried++
						switch {
						case err != nil:
							refused++
							// Of two that do not fit each other, one is blamed and the other named.
							text, both := err.Error(), "want more than the"
							if !strings.Contains(text, name+":") && !(strings.Contains(text, both) && strings.Contains(text, p.Name)) || strings.Contains(text, "\n") {
								t.Errorf("%s: %v, want one line that names it", what, err)
							}
						case slices.Contains(r.Ignored, name):
							t.Errorf("%s: is ignored", what)
						case reflect.DeepEqual(r.Plan, before.Plan) && !same(p, base, v):
							t.Errorf("%s: changes nothing, %+v", what, r.Plan)
						}
					}
				}
			}
		}
	}
	t.Logf("%d values, %d refused", tried, refused)
	if refused < tried/2 || refused > tried*9/10 {
		t.Errorf("%d of %d values were refused", refused, tried)
	}
}

// followed are values that parameters without a default come to in TestEverySetting, from 16
// tokens that are read and from blocks of 16.
var followed = map[string]string{"vertical": "8", "stride": "8"}

// same reports whether v is what p is already, said or by default.
func same(p sparse.Param, base map[string]any, v any) bool {
	number := func(text string) string { return strings.TrimLeft(strings.TrimSpace(text), "0-") }
	was := p.Default
	if was == "" {
		was = followed[p.Name]
	}
	if said, ok := base[p.Name]; ok {
		was = fmt.Sprint(said)
	}
	is := fmt.Sprint(v)
	if word, ok := p.Spellings[is]; ok {
		is = word
	}
	if p.Kind == sparse.KindBool {
		return is == "false" || is == "0"
	}
	return is == was || was != "" && number(is) == number(was)
}

func settled(t *testing.T, way carrier, settings map[string]any) *Result {
	t.Helper()
	r, err := Run(sparse.Config{}, Options{}, way.file(t, settings), ops.Reference())
	if err != nil {
		t.Fatalf("%s: %v: %v", way.name, settings, err)
	}
	return r
}

// TestSettingsOfNoMethod: a name that no method has is named as ignored, and who selects
// is held to what there is.
func TestSettingsOfNoMethod(t *testing.T) {
	for _, way := range carriers {
		for _, m := range saved() {
			for _, v := range []any{1, 2.5, true, "x", math.NaN()} {
				r := settled(t, way, map[string]any{"method": m.ID, "windw": v})
				if !slices.Equal(r.Ignored, []string{"windw"}) {
					t.Errorf("%s, %s: ignored %v", way.name, m.ID, r.Ignored)
				}
			}
			for _, field := range []string{"method", "selector"} {
				for _, v := range []any{0, 1.5, true, "", "magic"} {
					if way.name == "metadata" || v != "" {
						settings := map[string]any{"method": m.ID, field: v}
						_, err := Run(sparse.Config{}, Options{}, way.file(t, settings), ops.Reference())
						if v == "" && field == "selector" {
							continue // the method itself, as in a request
						}
						if err == nil || !strings.Contains(err.Error(), field+":") {
							t.Errorf("%s: %s = %v: %v, want an error that names it", way.name, field, v, err)
						}
					}
				}
			}
		}
	}
}
