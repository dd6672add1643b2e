package plot

import (
	"fmt"
	"regexp"
	"strconv"
)

// Resolve replaces the custom properties of a picture by what look says of them,
// colours as #rrggbb, so that it looks the same without the page.
func Resolve(svg string, look func(name string) string) string {
	// As variables of the package they would be in every program that draws, and with them
	// the package that compiles them.
	property := regexp.MustCompile(`var\((--[a-z0-9-]+)\)`)
	mixed := regexp.MustCompile(`color-mix\(in srgb, (#[0-9a-f]{6}) ([0-9.]+)%, (#[0-9a-f]{6})\)`)
	svg = property.ReplaceAllStringFunc(svg, func(s string) string { return look(property.FindStringSubmatch(s)[1]) })
	for mixed.MatchString(svg) { // mixtures of mixtures, from within
		svg = mixed.ReplaceAllStringFunc(svg, func(s string) string { return mix(mixed.FindStringSubmatch(s)) })
	}
	return svg
}

// mix is the colour that a color-mix of two colours stands for, of which m has the first,
// its share in percent and the second from 1 on.
func mix(m []string) string {
	share, _ := strconv.ParseFloat(m[2], 64)
	a, _ := strconv.ParseUint(m[1][1:], 16, 32)
	b, _ := strconv.ParseUint(m[3][1:], 16, 32)
	var out uint64
	for shift := 0; shift < 24; shift += 8 {
		v := float64(a>>shift&255)*share/100 + float64(b>>shift&255)*(1-share/100)
		out |= uint64(v+0.5) << shift
	}
	return fmt.Sprintf("#%06x", out)
}
