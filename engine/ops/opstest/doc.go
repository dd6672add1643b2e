// Package opstest tests a kernel table: Run its correctness, Fuzz its agreement with the
// reference on anything, Bench its speed.
//
// Every kernel is held to its formula evaluated in float64, within a bound that
// is derived from the rounding errors the formula allows, and every kernel but
// MatMul and AttendCausal also to the very bits of ops.Reference, so that what a method selects
// does not depend on the processor.
//
//	func TestTable(t *testing.T) { opstest.Run(t, table) }
//	func BenchmarkTable(b *testing.B) { opstest.Bench(b, ops.Reference(), table) }
package opstest
