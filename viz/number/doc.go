// Package number writes quantities for people: the page, its charts and saved pictures
// write the same quantity the same way. What machines read back (addresses, tables,
// budgets of a request) is written by those who read it.
//
//	number.Count(1234567)    // 1 234 567
//	number.Percent(0.125)    // 12.5%
//	number.Share(0.5)        // .50
//	number.Budget(1.0 / 16)  // 1/16
package number
