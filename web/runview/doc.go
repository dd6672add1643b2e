// Package runview shows a recorded run outside kvscope: in a blog post, in a notebook, or
// as one HTML file that opens from a disk. It draws the summary, the prompt, the block grid
// and the heads of the run, as Vugu components rendered to HTML:
//
//	v, err := runview.Read(file) // as `kvscope trace --out` writes it
//	parts, err := v.Parts(nil)
//
// The same code runs in the browser (web/cmd/widget), where presses on what was drawn move
// the view.
package runview

//go:generate go tool vugugen -skip-go-mod -skip-main .
//go:generate gofmt -w .
