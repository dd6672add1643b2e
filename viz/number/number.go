package number

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Unknown stands for a quantity that is not known.
const Unknown = "–"

// Count writes a number with narrow gaps between thousands, at which no line breaks.
func Count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// Of writes how many there are of something: "1 worker", "2 workers".
func Of(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Count(n) + " " + what + "s"
}

// Rank writes a place that counts from 0 as people count, unknown below 0.
func Rank(place int) string {
	if place < 0 {
		return Unknown
	}
	return strconv.Itoa(place + 1)
}

// Percent writes a share as a percentage with one decimal.
func Percent(v float64) string { return percent(v, 1) }

// WholePercent writes a share as a percentage without decimals, where there is little room.
func WholePercent(v float64) string { return percent(v, 0) }

func percent(v float64, digits int) string {
	if math.IsNaN(v) {
		return Unknown
	}
	return Decimals(100*v, digits) + "%"
}

// Points writes a share, or a difference of shares, in percentage points: "12.5".
func Points(v float64) string { return Decimals(100*v, 1) }

// Interval writes the ends of an interval of shares in percentage points: "35.2–48.1".
func Interval(low, high float64) string { return Points(low) + "–" + Points(high) }

// Deviation writes the standard deviation of a share over so many seeds in percentage
// points, unknown for fewer than two.
func Deviation(std float64, seeds int) string {
	if seeds < 2 {
		return Unknown
	}
	return Decimals(100*std, 2)
}

// Share writes a quantity within 0..1 in the room of a cell, ".50", unknown below 0. A
// relative error may be more than 1: "1.7".
func Share(v float32) string {
	switch {
	case v < 0:
		return Unknown
	case v >= 1.05:
		return Decimals(float64(v), 1)
	case v >= 0.995:
		return "1"
	case v < 0.005:
		return "0"
	}
	return strconv.FormatFloat(float64(v), 'f', 2, 64)[1:]
}

// Mass writes a share of attention to a thousandth, unknown below 0.
func Mass(m float32) string {
	switch {
	case m < 0:
		return Unknown
	case m > 0 && m < 0.0005:
		return "<.001"
	}
	return strings.TrimPrefix(strconv.FormatFloat(float64(m), 'f', 3, 32), "0")
}

// Digits writes a quantity of any size with so many significant digits.
func Digits(v float64, digits int) string { return strconv.FormatFloat(v, 'g', digits, 64) }

// Decimals writes a quantity with so many digits after the point, unknown where it is
// no number. Zero has no sign, whatever it was rounded from.
func Decimals(v float64, digits int) string {
	if math.IsNaN(v) {
		return Unknown
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Trim(s, "-0.") == "" {
		return strings.TrimPrefix(s, "-")
	}
	return s
}

// Change writes a difference with its sign, with so many digits after the point: "+0.25".
func Change(v float64, digits int) string {
	s := Decimals(v, digits)
	if v > 0 && strings.Trim(s, "0.") != "" {
		return "+" + s
	}
	return s
}

// LogLik writes a log-likelihood in nats.
func LogLik(v float64) string { return Decimals(v, 2) }

// Perplexity writes the perplexity of a text.
func Perplexity(v float64) string { return Decimals(v, 2) }

// OutputError writes the relative error of a head's output, unknown below 0.
func OutputError(v float64) string {
	if v < 0 {
		return Unknown
	}
	return Decimals(v, 3)
}

// Rate writes how many there are in a second: "1.25", "12 300".
func Rate(v float64) string {
	if v >= 100 {
		return Count(int(math.Round(v)))
	}
	return Digits(v, 3)
}

// Budget writes the share of a cache that may be read as people do, 1/8; one that is
// no such fraction as a decimal of four digits.
func Budget(budget float64) string {
	if n := math.Round(1 / budget); n >= 2 && math.Abs(n*budget-1) < 1e-9 {
		return "1/" + strconv.Itoa(int(n))
	}
	return Digits(budget, 4)
}

// Fraction writes a fraction, 1/8, with one glyph where there is one.
func Fraction(s string) string {
	short := map[string]string{"1/2": "½", "1/4": "¼", "1/8": "⅛", "1/16": "1⁄16", "1/32": "1⁄32", "1/64": "1⁄64"}
	if f, ok := short[s]; ok {
		return f
	}
	return s
}

// Bytes writes an amount of memory.
func Bytes(n int) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%.0f GiB", float64(n)/(1<<30))
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 10<<20:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

// Milliseconds writes a time given in milliseconds, unknown where it is not above 0.
func Milliseconds(ms float64) string {
	switch {
	case ms <= 0:
		return Unknown
	case ms >= 10000:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms >= 100:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// Microseconds writes a time given in milliseconds that may be below one of them.
func Microseconds(ms float64) string {
	if ms <= 0 || ms >= 1 {
		return Milliseconds(ms)
	}
	return fmt.Sprintf("%.0f µs", ms*1000)
}

// Wait writes seconds as exactly as one needs when waiting for them to pass.
func Wait(seconds float64) string {
	switch {
	case seconds < 1:
		return "less than a second"
	case seconds < 90:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 90*60:
		return fmt.Sprintf("%.0f min", seconds/60)
	case seconds < 36*3600:
		return fmt.Sprintf("%.1f h", seconds/3600)
	}
	return fmt.Sprintf("%.1f days", seconds/86400)
}

// Amount writes a large number in words: "3.2 million".
func Amount(v float64) string {
	for _, unit := range []struct {
		above float64
		name  string
	}{{1e15, "quadrillion"}, {1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}, {1e4, "thousand"}} {
		if v >= unit.above {
			scale := unit.above
			if unit.above == 1e4 {
				scale = 1e3
			}
			return Digits(v/scale, 3) + " " + unit.name
		}
	}
	return Decimals(v, 0)
}
