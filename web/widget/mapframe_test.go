package widget

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestMapFrame(t *testing.T) {
	m := newMapFrame(1000, 400, 200, Frame{})
	if !m.whole() || m.scale() != 0.2 || m.frame() != (Frame{}) {
		t.Errorf("at first %+v, want all of the map", m)
	}
	if m := newMapFrame(1000, 200, 400, Frame{}); !m.whole() || m.scale() != 0.2 {
		t.Errorf("a tall place shows the map at %v pixels a cell, want 0.2", m.scale())
	}
	// What is under the pointer stays there.
	q0, k0 := m.cell(100, 150)
	m.zoom(100, 150, 8)
	q1, k1 := m.cell(100, 150)
	if math.Abs(q0-q1) > 1e-9 || math.Abs(k0-k1) > 1e-9 || m.scale() != 1.6 || m.whole() {
		t.Errorf("zoomed at (%v, %v), there is (%v, %v): %+v", q0, k0, q1, k1, m)
	}
	was := m.Frame
	m.pan(16, -32)
	if math.Abs(was.Key-10-m.Key) > 1e-9 || math.Abs(was.Query+20-m.Query) > 1e-9 {
		t.Errorf("panned from %v to %v", was, m.Frame)
	}
	m.pan(1e9, 1e9)
	if m.Query != 0 || m.Key != 0 {
		t.Errorf("panned out of the map to %v", m.Frame)
	}
	m.pan(-1e9, -1e9)
	if math.Abs(m.Query+m.Height-1000) > 1e-6 || math.Abs(m.Key+m.w/m.scale()-1000) > 1e-6 {
		t.Errorf("panned out of the map to %v", m.Frame)
	}
	m.zoom(0, 0, 1e9)
	if m.Height != closest {
		t.Errorf("%v queries fill the place, want at least %v", m.Height, closest)
	}
	m.zoom(0, 0, 1e-9)
	if !m.whole() {
		t.Error("zoomed out, the map is not whole")
	}
	if q, k, ok := m.find(10, 10); q != 50 || k != 50 || !ok {
		t.Errorf("found %d, %d", q, k)
	}
	if _, _, ok := m.find(300, 10); ok {
		t.Error("found a key beyond the last")
	}
	if m := newMapFrame(4, 100, 100, Frame{Height: 2}); !m.whole() {
		t.Errorf("a map of 4 is seen in part: %+v", m)
	}
}

func TestMapTiles(t *testing.T) {
	m := newMapFrame(1000, 500, 500, Frame{})
	if got := m.tiles(0); len(got) != 10 { // 4 x 4, without those above the diagonal
		t.Errorf("%d tiles, want 10", len(got))
	}
	if got := m.tiles(2); !slices.Equal(got, [][2]int{{0, 0}}) {
		t.Errorf("tiles %v, want one", got)
	}
	m = newMapFrame(1000, 500, 500, Frame{Query: 600, Key: 300, Height: 100})
	if got := m.tiles(0); !slices.Equal(got, [][2]int{{1, 2}}) {
		t.Errorf("tiles %v, want (1, 2)", got)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   string
	}{
		{0, 10, 5, "[0 2 4 6 8]"}, {0, 512, 4, "[0 200 400]"}, {13.5, 17, 8, "[14 15 16]"}, {95, 305, 5, "[100 150 200 250 300]"},
	} {
		if got := fmt.Sprint(ticks(c.lo, c.hi, c.n)); got != c.want {
			t.Errorf("%v to %v: %s, want %s", c.lo, c.hi, got, c.want)
		}
	}
}

func TestParseFrame(t *testing.T) {
	for text, want := range map[string]Frame{
		"": {}, "100,0.5,64": {100, 0.5, 64}, "-0.001,2.345,8": {0, 2.35, 8}, "1,2": {}, "1,2,0": {}, "1,nan,5": {}, "1e9,1,5": {}, "a,b,c": {},
	} {
		got := ParseFrame(text)
		if got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		if again := ParseFrame(got.String()); again != got {
			t.Errorf("%q is written %q, which reads as %v", text, got.String(), again)
		}
	}
}
