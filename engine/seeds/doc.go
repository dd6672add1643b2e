// Package seeds repeats requests over many examples of their task, beside what the same
// models answer with everything read: one run shows an example, a number of them shows
// whether the example is a rule.
//
//	err := seeds.Repeat(ctx, seeds.Engine{engine}, requests, 1, 50, func(row seeds.Row) error {
//		fmt.Println(row.Seed, row.Lost())
//		return nil
//	})
package seeds
