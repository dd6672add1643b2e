package opstest

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"kvscope/engine/ops"
)

// OnReference lists the kernels of table that are the reference's, in their order, and fails
// the test where one is missing: a table is as fast as the slowest kernel that a model meets.
func OnReference(t *testing.T, table *ops.Kernels) []string {
	t.Helper()
	kernels, reference := reflect.ValueOf(*table), reflect.ValueOf(*ops.Reference())
	var out []string
	for i := range kernels.NumField() {
		name := kernels.Type().Field(i).Name
		switch field := kernels.Field(i); {
		case field.Kind() == reflect.Map:
			out = append(out, blocksOnReference(t, table)...)
		case field.Kind() != reflect.Func:
		case field.IsNil():
			t.Errorf("%s has no %s", table.Name, name)
		case field.Pointer() == reference.Field(i).Pointer():
			out = append(out, name)
		}
	}
	t.Logf("%s: the reference's: %v", table.Name, out)
	return out
}

// blocksOnReference is OnReference for the kernels of each format.
func blocksOnReference(t *testing.T, table *ops.Kernels) []string {
	t.Helper()
	reference := ops.Reference().Blocks
	var out []string
	for _, format := range slices.Sorted(maps.Keys(reference)) {
		own := table.Blocks[format]
		for _, k := range []struct {
			name      string
			own, slow any
		}{{"MatVec", own.MatVec, reference[format].MatVec}, {"Dequantize", own.Dequantize, reference[format].Dequantize}} {
			switch name := "Blocks[" + format + "]." + k.name; {
			case reflect.ValueOf(k.own).IsNil():
				t.Errorf("%s has no %s", table.Name, name)
			case reflect.ValueOf(k.own).Pointer() == reflect.ValueOf(k.slow).Pointer():
				out = append(out, name)
			}
		}
	}
	return out
}
