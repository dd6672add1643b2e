package capture

import (
	"sync"

	"kvscope/engine/checkpoint"
)

// piece is the part of a file that was read last, in the file's own type: heads of a group
// read the same keys one after the other, and heads that lie side by side in rows the same
// layer.
type piece struct {
	mu   sync.Mutex
	name string
	at   int
	read checkpoint.Tensor
}

// of are the elements of head h, [rows, size], row by row.
func (p *piece) of(f *checkpoint.File, a axes, h int) (checkpoint.Tensor, error) {
	whole := a.byItem == 1 && a.byRow == a.size // rows of a head stand under each other
	from, n := a.first+h*a.byHead, a.rows*a.size
	if !whole {
		from, n = a.first, a.heads*n
	}
	t, err := p.part(f, a.name, from, n)
	t.Shape = []int{a.rows, a.size}
	if err != nil || whole {
		return t, err
	}
	width := a.dtype.Size()
	out := make([]byte, 0, a.rows*a.size*width)
	for row := range a.rows {
		at := (h*a.byHead + row*a.byRow) * width
		if a.byItem == 1 {
			out = append(out, t.Data[at:at+a.size*width]...)
			continue
		}
		for i := range a.size {
			one := at + i*a.byItem*width
			out = append(out, t.Data[one:one+width]...)
		}
	}
	t.Data = out
	return t, nil
}

func (p *piece) part(f *checkpoint.File, name string, at, n int) (checkpoint.Tensor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.name == name && p.at == at && p.read.Shape[0] == n {
		return p.read, nil
	}
	t, err := f.Range(name, at, n)
	if err == nil {
		p.name, p.at, p.read = name, at, t
	}
	return t, err
}
