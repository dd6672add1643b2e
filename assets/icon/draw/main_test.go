package main

import (
	"bytes"
	"image/png"
	"os"
	"testing"
)

// The committed icon is this program's; `make generate` brings it up to date.
func TestCommittedIconIsDrawnHere(t *testing.T) {
	got, err := os.ReadFile("../icon.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, vector()) {
		t.Errorf("icon.svg is\n%s\nand would be drawn as\n%s", got, vector())
	}
	data, err := os.ReadFile("../icon-192.png")
	if err != nil {
		t.Fatal(err)
	}
	committed, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	drawn := raster(192)
	for y := range 192 {
		for x := range 192 {
			r, g, b, a := committed.At(x, y).RGBA()
			if r2, g2, b2, a2 := drawn.At(x, y).RGBA(); apart(r, r2) || apart(g, g2) || apart(b, b2) || apart(a, a2) {
				t.Fatalf("icon-192.png differs from the drawing at %d,%d", x, y)
			}
		}
	}
}

// apart allows one step of 256, since processors round edges differently.
func apart(a, b uint32) bool { return max(a, b)-min(a, b) > 0x101 }
