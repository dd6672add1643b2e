package widget

import "testing"

// Keys lead through rows of different widths, and rest at the ends.
func TestBeside(t *testing.T) {
	// Three rows: three narrow boxes, two wide ones, one; the last begins a little lower
	// than its row, as text of another size does.
	all := []box{
		{0, 0, 10, 10}, {10, 0, 10, 10}, {20, 1, 10, 10},
		{0, 20, 16, 10}, {16, 21, 14, 10},
		{12, 40, 10, 10},
	}
	for _, c := range []struct {
		at   int
		key  string
		want int
	}{
		{0, "ArrowLeft", 0}, {0, "ArrowRight", 1}, {2, "ArrowRight", 3}, {5, "ArrowRight", 5}, {3, "ArrowLeft", 2},
		{0, "ArrowDown", 3}, {1, "ArrowDown", 3}, {2, "ArrowDown", 4}, {3, "ArrowDown", 5}, {5, "ArrowDown", 5},
		{5, "ArrowUp", 4}, {4, "ArrowUp", 2}, {3, "ArrowUp", 0}, {1, "ArrowUp", 1},
		{3, "Home", 0}, {3, "End", 5},
	} {
		if got, ok := beside(all, c.at, c.key); got != c.want || !ok {
			t.Errorf("from %d, %s leads to %d (%v), want %d", c.at, c.key, got, ok, c.want)
		}
	}
	for _, key := range []string{"Enter", "a", "Tab"} {
		if _, ok := beside(all, 0, key); ok {
			t.Errorf("%s is taken", key)
		}
	}
	if _, ok := beside(nil, -1, "ArrowDown"); ok {
		t.Error("a key is taken where there is nothing")
	}
}
