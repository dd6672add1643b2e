// Package assets holds the files that every kvscope carries with it: style sheets,
// icons, the demo models and a book to hide needles in.
//
//	engine, err := run.Open(assets.Models(), simd.Best())
//	css, err := assets.Styles()
package assets
