// Package traintest makes small models with fresh weights for tests: what they answer is
// noise, what they read is not.
//
//	file := traintest.File(t, traintest.Config(true), 1)
package traintest
