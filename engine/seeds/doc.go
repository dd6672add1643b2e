// Package seeds answers one request over many examples of its task, on several models,
// beside what the same models answer with everything read: one run shows an example, a
// number of them shows whether the example is a rule.
//
//	err := seeds.Compare(ctx, engine, req, []string{"attention", "ratplus"}, 1, 50, func(row seeds.Row) error {
//		fmt.Println(row.Seed, row.Lost())
//		return nil
//	})
package seeds
