package number

import (
	"math"
	"testing"

	"kvscope/engine/sparse"
)

func TestWritten(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1\u202f000"}, {Count(1234567), "1\u202f234\u202f567"}, {Count(-100), "-100"}, {Count(-1000), "-1\u202f000"},
		{Of(1, "worker"), "1 worker"}, {Of(0, "cell"), "0 cells"}, {Of(2000, "token"), "2\u202f000 tokens"},
		{Rank(-1), "–"}, {Rank(0), "1"},
		{Percent(0.125), "12.5%"}, {Percent(1), "100.0%"}, {Percent(-1e-9), "0.0%"}, {Percent(math.NaN()), "–"}, {WholePercent(0.876), "88%"},
		{Points(-0.123), "-12.3"}, {Points(-1e-9), "0.0"}, {Interval(0.3521, 0.48), "35.2–48.0"}, {Deviation(0.0123, 2), "1.23"}, {Deviation(0, 1), "–"},
		{Share(-1), "–"}, {Share(0), "0"}, {Share(0.004), "0"}, {Share(0.006), ".01"}, {Share(0.5), ".50"}, {Share(0.994), ".99"}, {Share(0.995), "1"}, {Share(1), "1"}, {Share(1.04), "1"}, {Share(1.66), "1.7"},
		{Mass(-1), "–"}, {Mass(0), ".000"}, {Mass(0.0001), "<.001"}, {Mass(0.25), ".250"}, {Mass(1), "1.000"},
		{Digits(1234.5678, 4), "1235"}, {Decimals(0.5, 2), "0.50"}, {Decimals(math.NaN(), 2), "–"}, {Decimals(-0.5, 0), "0"}, {Decimals(-10, 0), "-10"},
		{Change(0.25, 2), "+0.25"}, {Change(-0.25, 2), "-0.25"}, {Change(0.001, 2), "0.00"}, {Change(-0.001, 2), "0.00"}, {Change(math.NaN(), 2), "–"},
		{LogLik(-0.001), "0.00"}, {LogLik(-12.345), "-12.35"}, {Perplexity(8.125), "8.12"}, {OutputError(0.0124), "0.012"}, {OutputError(-1), "–"},
		{Rate(0.125), "0.125"}, {Rate(12.345), "12.3"}, {Rate(99.99), "100"}, {Rate(12345.6), "12\u202f346"},
		{Budget(1), "1"}, {Budget(1.0 / 16), "1/16"}, {Budget(0.3), "0.3"}, {Budget(1.0 / 3), "1/3"},
		{Fraction("1/8"), "⅛"}, {Fraction("0.3"), "0.3"},
		{Bytes(5), "5 B"}, {Bytes(1024), "1 KiB"}, {Bytes(3 << 19), "1.5 MiB"}, {Bytes(64 << 20), "64 MiB"}, {Bytes(3 << 29), "1.5 GiB"}, {Bytes(12 << 30), "12 GiB"},
		{Milliseconds(0), "–"}, {Milliseconds(1.25), "1.2 ms"}, {Milliseconds(250), "250 ms"}, {Milliseconds(12345), "12.3 s"},
		{Microseconds(0.25), "250 µs"}, {Microseconds(2), "2.0 ms"}, {Microseconds(0), "–"},
		{Wait(0.2), "less than a second"}, {Wait(42), "42 s"}, {Wait(600), "10 min"}, {Wait(7200), "2.0 h"}, {Wait(864000), "10.0 days"},
		{Amount(900), "900"}, {Amount(24600), "24.6 thousand"}, {Amount(1.5e6), "1.5 million"}, {Amount(3.14e13), "31.4 trillion"},
	} {
		if c.got != c.want {
			t.Errorf("written %q, want %q", c.got, c.want)
		}
	}
}

// A budget on a chart is written as the engine writes it.
func TestBudgetIsTheEngines(t *testing.T) {
	for _, b := range []float64{1, 0.5, 1.0 / 3, 0.25, 1.0 / 8, 1.0 / 16, 1.0 / 32, 1.0 / 64, 0.3, 0.75} {
		if got, want := Budget(b), sparse.FormatBudget(b); got != want {
			t.Errorf("%v is written %q, by the engine %q", b, got, want)
		}
	}
}
