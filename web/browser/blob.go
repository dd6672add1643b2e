package browser

import (
	"errors"
	"io"
	"sync"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Blob is a file of the browser, any part of which can be read. A reader waits for the
// browser, which goes on drawing, so it must be in a goroutine of its own.
type Blob struct {
	file app.Value
	size int64

	mu    sync.Mutex
	at    int64 // of piece
	piece []byte
}

// What is read at once, in bytes: not less, since each read costs the browser the same
// time, and not more, since it is in memory twice meanwhile.
const (
	leastPiece = 64 << 10
	mostPiece  = 16 << 20
)

// NewBlob is a file that was chosen, dropped or kept.
func NewBlob(file app.Value) *Blob {
	return &Blob{file: file, size: int64(file.Get("size").Float())}
}

// Size is how many bytes the file has.
func (b *Blob) Size() int64 { return b.size }

// ReadAt reads at a byte of the file, as io.ReaderAt says.
func (b *Blob) ReadAt(p []byte, at int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	read := 0
	for read < len(p) {
		if at >= b.size {
			return read, io.EOF
		}
		if at < b.at || at >= b.at+int64(len(b.piece)) {
			want := min(max(int64(len(p)-read), leastPiece), mostPiece, b.size-at)
			piece, err := slice(b.file, at, at+want)
			if err != nil {
				return read, err
			}
			b.at, b.piece = at, piece
		}
		n := copy(p[read:], b.piece[at-b.at:])
		read, at = read+n, at+int64(n)
	}
	return read, nil
}

// slice reads bytes [from, to) of a file; a folder, for one, cannot be.
func slice(file app.Value, from, to int64) ([]byte, error) {
	type result struct {
		content []byte
		err     error
	}
	done := make(chan result, 1)
	await(file.Call("slice", float64(from), float64(to)).Call("arrayBuffer"), func(buffer app.Value) {
		data := app.Window().Get("Uint8Array").New(buffer)
		content := make([]byte, data.Get("length").Int())
		app.CopyBytesToGo(content, data)
		done <- result{content: content}
	}, func(err app.Value) { done <- result{err: errors.New(err.Get("message").String())} })
	r := <-done
	if r.err == nil && int64(len(r.content)) != to-from {
		r.err = errors.New("the file has changed since it was opened")
	}
	return r.content, r.err
}
