package opstest

import (
	"reflect"
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
