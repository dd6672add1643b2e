package capture

import (
	"fmt"
	"math"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/pattern"
)

// Capture is the queries and keys of the heads of a model, as a file has them. Nothing
// of a tensor is read, unpacked or widened before a head of it is asked for.
type Capture struct {
	Layers, Heads, KVHeads int     // L, H, Hkv
	HeadDim                int     // Dh
	Len                    int     // T, positions
	Queries                int     // N, the last positions, whose queries are there
	Scale                  float64 // what q·k is multiplied with before the softmax; Dh^-1/2
	Order                  Order   // of the axes, as it was read
	Left, Right            int     // positions of padding before and after, which are none of Len
	File                   *checkpoint.File

	queries, keys       []axes // by layer
	lastQuery, lastKeys piece
}

var layerName = pattern.Of(`^layers\.([0-9]+)\.(q|k|v|k_mem|v_mem)$`)

// Is reports whether f holds a capture and not something else, such as a model.
func Is(f *checkpoint.File) bool {
	return f.Has("q") && f.Has("k") || f.Has("layers.0.q") && f.Has("layers.0.k")
}

// Read finds the capture in f, which Close closes. Its axes are in an order, the default
// one where it is nil, nobody having said any.
func Read(f *checkpoint.File, order Order) (*Capture, error) {
	r := reader{file: f, order: order}
	if order == nil {
		r.order = DefaultOrder
	}
	err := r.number()
	if err != nil {
		return nil, err
	}
	c := &Capture{File: f, Order: r.order}
	if f.Has("q") {
		c.queries, c.keys, err = r.pair("q", "k")
	} else {
		err = r.apart(c)
	}
	if err == nil && len(c.queries) == 0 {
		err = fmt.Errorf("no queries and keys, want q and k, or layers.0.q and layers.0.k; the file has %s", f.Contents())
	}
	if err != nil {
		return nil, err
	}
	return c, c.fit(order != nil)
}

// Cut leaves positions of padding out. Queries are padded as the keys are where they are as
// many, and else are the last ones of tokens.
func (c *Capture) Cut(left, right int) {
	tokens := c.Len - left - right
	from, to := left, left+tokens
	if c.Queries < c.Len {
		from, to = max(0, c.Queries-tokens), c.Queries
	}
	for l := range c.queries {
		c.queries[l], c.keys[l] = c.queries[l].between(from, to), c.keys[l].between(left, left+tokens)
	}
	c.Len, c.Queries, c.Left, c.Right = tokens, to-from, left, right
}

// String says how the file was read, so that a wrong order of axes shows.
func (c *Capture) String() string {
	out := fmt.Sprintf("layers %d, heads %d, key-value heads %d, queries %d, keys %d, channels %d", c.Layers, c.Heads, c.KVHeads, c.Queries, c.Len, c.HeadDim)
	if c.Left+c.Right > 0 {
		out += fmt.Sprintf(", beside padding of %d at the beginning and %d at the end", c.Left, c.Right)
	}
	return out + fmt.Sprintf("; read as %s, scale %g", c.Order, float32(c.Scale))
}

// Close releases the file.
func (c *Capture) Close() error { return c.File.Close() }

// Query is the rotated queries of a head, [N, Dh]; those of the last N positions.
func (c *Capture) Query(layer, head int) ([]float32, error) {
	return c.queries[layer].head(c.File, &c.lastQuery, head)
}

// Keys returns the keys [T, Dh] that a query head reads, those of its group.
func (c *Capture) Keys(layer, head int) ([]float32, error) {
	return c.keys[layer].head(c.File, &c.lastKeys, head/(c.Heads/c.KVHeads))
}

// Bytes is how much the queries and keys take in the file's own types.
func (c *Capture) Bytes() int {
	n := 0
	for l := range c.queries {
		n += c.queries[l].bytes() + c.keys[l].bytes()
	}
	return n
}

// fit takes the shape from the first layer and holds the others to it. Without an order
// that was given, more heads than positions are a question back.
func (c *Capture) fit(given bool) error {
	c.Layers = len(c.queries)
	q, k := c.queries[0], c.keys[0]
	c.Heads, c.Queries, c.HeadDim, c.KVHeads, c.Len = q.heads, q.rows, q.size, k.heads, k.rows
	c.Scale = 1 / math.Sqrt(float64(c.HeadDim))
	switch {
	case q.size != k.size:
		return fmt.Errorf("%s has heads of size %d, want %s's %d", q.name, q.size, k.name, k.size)
	case q.heads%k.heads != 0:
		return fmt.Errorf("%s has %d heads, want a multiple of %s's %d", q.name, q.heads, k.name, k.heads)
	case k.heads > k.rows && !given:
		return fmt.Errorf("%s is %d heads of %d positions: is its order [seq, head, head_dim]? Then say so, with --layout or in the metadata as layout", k.name, k.heads, k.rows)
	case q.rows > k.rows:
		return fmt.Errorf("%s has %d positions, want at most %s's %d", q.name, q.rows, k.name, k.rows)
	}
	for l := range c.queries {
		for _, pair := range [][2]axes{{c.queries[l], q}, {c.keys[l], k}} {
			if !pair[0].like(pair[1]) {
				return fmt.Errorf("%s is %v, %s is %v: want all layers alike", pair[0].name, pair[0], pair[1].name, pair[1])
			}
		}
	}
	return nil
}

// reader finds the tensors of a capture.
type reader struct {
	file  *checkpoint.File
	order Order
	heads int // of queries in the rows of a matrix, 0 where the file does not say
}

// number reads how many heads of queries lie in the rows of matrices.
func (r *reader) number() error {
	text, ok := r.file.Metadata["num_head"]
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("num_head: %q in the file's metadata, want a number of heads", text)
	}
	r.heads = n
	return nil
}

// pair is the queries and keys in two tensors, by layer.
func (r *reader) pair(query, key string) (q, k []axes, err error) {
	share := func(width int) int {
		if r.heads == 0 || width%r.heads != 0 {
			return 0
		}
		return width / r.heads
	}
	if q, err = r.layers(query, share); err != nil {
		return nil, nil, err
	}
	if k, err = r.layers(key, func(int) int { return q[0].size }); err != nil {
		return nil, nil, err
	}
	if len(q) != len(k) {
		return nil, nil, fmt.Errorf("%s has %d layers, %s %d", query, len(q), key, len(k))
	}
	return q, k, nil
}

// apart finds a tensor for each layer.
func (r *reader) apart(c *Capture) error {
	layers := 0
	for _, name := range r.file.Names() {
		if m := layerName().FindStringSubmatch(name); m != nil && m[2] == "q" {
			layers++
		}
	}
	for l := range layers {
		name := func(part string) string { return fmt.Sprintf("layers.%d.%s", l, part) }
		key := name("k")
		if r.file.Has(name("k_mem")) {
			key = name("k_mem")
		}
		q, k, err := r.pair(name("q"), key)
		if err != nil {
			return err
		}
		if len(q) != 1 {
			return fmt.Errorf("%s holds %d prompts, want one: save layer by layer [heads, positions, head size]", name("q"), len(q))
		}
		c.queries, c.keys = append(c.queries, q[0]), append(c.keys, k[0])
	}
	return nil
}
