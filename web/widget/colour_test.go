package widget

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"regexp"
	"testing"

	"kvscope/engine/figures"
	"kvscope/viz/paint"
)

// sheet is the custom properties of the style sheet that all colours come from.
func sheet(t *testing.T) map[string]string {
	t.Helper()
	css, err := os.ReadFile("../../assets/css/colour.css")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(--[a-z0-9-]+): (light-dark\([^)]*\)|#[0-9a-f]{6});`).FindAllStringSubmatch(string(css), -1) {
		out[m[1]] = m[2]
	}
	if len(out) < 20 {
		t.Fatalf("colour.css names %d colours, that cannot be all", len(out))
	}
	return out
}

// named is one colour of the sheet.
func named(t *testing.T, s map[string]string, name string, dark bool) color.RGBA {
	t.Helper()
	c, err := paint.ParseColour(s["--"+name], dark)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

// eachTheme runs f for the day and for the night.
func eachTheme(t *testing.T, f func(t *testing.T, dark bool)) {
	for _, dark := range []bool{false, true} {
		t.Run(map[bool]string{false: "light", true: "dark"}[dark], func(t *testing.T) { f(t, dark) })
	}
}

// linear undoes the sRGB transfer function.
func linear(c color.RGBA) [3]float64 {
	var out [3]float64
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		x := float64(v) / 255
		if out[i] = math.Pow((x+0.055)/1.055, 2.4); x <= 0.04045 {
			out[i] = x / 12.92
		}
	}
	return out
}

// contrast is the ratio of WCAG 2.
func contrast(a, b color.RGBA) float64 {
	luminance := func(c color.RGBA) float64 {
		l := linear(c)
		return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// oklab is a colour where equal distances look about equal (Ottosson 2020).
func oklab(rgb [3]float64) [3]float64 {
	l := math.Cbrt(0.4122214708*rgb[0] + 0.5363325363*rgb[1] + 0.0514459929*rgb[2])
	m := math.Cbrt(0.2119034982*rgb[0] + 0.6806995451*rgb[1] + 0.1073969566*rgb[2])
	s := math.Cbrt(0.0883024619*rgb[0] + 0.2817188376*rgb[1] + 0.6299787005*rgb[2])
	return [3]float64{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

func distance(a, b [3]float64) float64 {
	return math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2])
}

func TestTextIsReadable(t *testing.T) {
	s := sheet(t)
	const aa = 4.5
	eachTheme(t, func(t *testing.T, dark bool) {
		for _, ground := range []string{"bg", "panel", "raised"} {
			for _, ink := range []string{"ink", "ink-2", "ink-3", "accent", "gold-ink", "right", "wrong"} {
				if c := contrast(named(t, s, ink, dark), named(t, s, ground, dark)); c < aa {
					t.Errorf("%s on %s has contrast %.2f, text needs %v", ink, ground, c, aa)
				}
			}
		}
		if c := contrast(named(t, s, "on-accent", dark), named(t, s, "accent", dark)); c < aa {
			t.Errorf("on-accent on accent has contrast %.2f, text needs %v", c, aa)
		}
	})
}

// TestMarksAreSeen holds what is not text to what WCAG asks of it.
func TestMarksAreSeen(t *testing.T) {
	s := sheet(t)
	eachTheme(t, func(t *testing.T, dark bool) {
		for _, c := range [][2]string{{"seq-8", "seq-0"}, {"oracle", "seq-0"}, {"edge", "panel"}, {"gold", "panel"}, {"only-left", "seq-0"}, {"in-both", "seq-0"}} {
			if got := contrast(named(t, s, c[0], dark), named(t, s, c[1], dark)); got < 3 {
				t.Errorf("%s on %s has contrast %.2f, a mark needs 3", c[0], c[1], got)
			}
		}
	})
}

func TestHeadValuesAreReadable(t *testing.T) {
	s := sheet(t)
	eachTheme(t, func(t *testing.T, dark bool) {
		p := sheetPalette(t, s, dark)
		for v := float32(0); v <= 1; v += 0.01 {
			ink := paint.Ink(v)
			if c := contrast(named(t, s, ink, dark), p.At(v)); c < 4.5 {
				t.Errorf("%s on a share of %.2f has contrast %.2f", ink, v, c)
			}
		}
		kinds := figures.Kinds()
		for i, kind := range kinds {
			own := named(t, s, "kind-"+kind, dark)
			if c := contrast(named(t, s, "on-kind", dark), own); c < 4.5 {
				t.Errorf("its letter on %s has contrast %.2f", kind, c)
			}
			for _, other := range kinds[:i] {
				if d := distance(oklab(linear(own)), oklab(linear(named(t, s, "kind-"+other, dark)))); d < 0.1 {
					t.Errorf("%s and %s look alike, %.3f apart", kind, other, d)
				}
			}
		}
	})
}

func sheetPalette(t *testing.T, s map[string]string, dark bool) paint.Palette {
	t.Helper()
	p, err := paint.NewPalette(func(name string) string { return " " + s[name] }, dark)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRampIsEven holds the sequential map to what it claims: lightness goes one way
// and every step looks as large as the next.
func TestRampIsEven(t *testing.T) {
	s := sheet(t)
	eachTheme(t, func(t *testing.T, dark bool) {
		p := sheetPalette(t, s, dark)
		var labs [][3]float64
		for _, c := range p.Ramp {
			labs = append(labs, oklab(linear(c)))
		}
		mean := 0.0
		for i := 1; i < len(labs); i++ {
			mean += distance(labs[i], labs[i-1]) / float64(len(labs)-1)
			if lighter := labs[i][0] > labs[i-1][0]; lighter != dark {
				t.Errorf("step %d goes the other way", i)
			}
		}
		for i := 1; i < len(labs); i++ {
			if d := distance(labs[i], labs[i-1]); math.Abs(d-mean) > 0.08*mean {
				t.Errorf("step %d is %.3f long, the mean is %.3f", i, d, mean)
			}
		}
	})
}

// TestMeaningsStayApart looks at the categorical colours with each kind of
// dichromacy, as simulated by Machado, Oliveira and Fernandes (2009).
func TestMeaningsStayApart(t *testing.T) {
	s := sheet(t)
	sights := map[string][3][3]float64{
		"all cones":    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"protanopia":   {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}},
		"deuteranopia": {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
		"tritanopia":   {{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}},
	}
	for _, names := range [][]string{
		{"seq-8", "gold", "oracle", "right", "wrong"},
		{"only-left", "in-both", "only-right", "gold", "seq-0"},
	} {
		apart(t, s, sights, names)
	}
}

func apart(t *testing.T, s map[string]string, sights map[string][3][3]float64, names []string) {
	eachTheme(t, func(t *testing.T, dark bool) {
		for sight, m := range sights {
			var seen [][3]float64
			for _, name := range names {
				c := linear(named(t, s, name, dark))
				var out [3]float64
				for i := range out {
					out[i] = max(0, m[i][0]*c[0]+m[i][1]*c[1]+m[i][2]*c[2])
				}
				seen = append(seen, oklab(out))
			}
			for i := range seen {
				for j := range i {
					if d := distance(seen[i], seen[j]); d < 0.08 {
						t.Errorf("%s: %s and %s are %.3f apart", sight, names[i], names[j], d)
					}
				}
			}
		}
	})
}

func TestParseColour(t *testing.T) {
	for _, c := range []struct {
		text string
		dark bool
		want string
	}{
		{"#102030", false, "#102030"}, {" #102030 ", true, "#102030"},
		{"light-dark(#102030, #405060)", false, "#102030"}, {" light-dark(#102030,#405060)", true, "#405060"},
	} {
		got, err := paint.ParseColour(c.text, c.dark)
		if err != nil || fmt.Sprintf("#%02x%02x%02x", got.R, got.G, got.B) != c.want {
			t.Errorf("%q is %v, %v, want %s", c.text, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "red", "#1020", "#10203040", "light-dark(#102030)", "#10203g"} {
		if got, err := paint.ParseColour(bad, true); err == nil {
			t.Errorf("%q is %v, want an error", bad, got)
		}
	}
}
