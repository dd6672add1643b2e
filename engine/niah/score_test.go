package niah

import (
	"strings"
	"testing"
)

func TestScore(t *testing.T) {
	for _, c := range []struct {
		expected []string
		answer   string
		want     float64
	}{
		{[]string{"1234567"}, "1234567.", 1},
		{[]string{"1234567"}, " 1234567", 1},
		{[]string{"1234567"}, "1234567. Then more, and more.", 1},
		{[]string{"1234567"}, "1234567\nWhat", 1},
		{[]string{"1234567"}, "12345678.", 0},
		{[]string{"1234567"}, "x 1234567", 0},
		{[]string{"1234567"}, "", 0},
		{[]string{"1", "2", "3", "4"}, "4, 3, 2, 1.", 1},
		{[]string{"1", "2", "3", "4"}, "1, 1, 1, 2.", 0.5},
		{[]string{"1", "2", "3", "4"}, "1 2 3 4", 0},
		{[]string{"1", "1"}, "1", 1},
		{[]string{"3.5"}, "3.5.", 1},
		{[]string{"v."}, "v..", 1},
		{nil, "1", 0},
	} {
		if got := Score(c.expected, c.answer); got != c.want {
			t.Errorf("Score(%q, %q) = %v, want %v", c.expected, c.answer, got, c.want)
		}
	}
}

func FuzzScore(f *testing.F) {
	f.Add("1234567|7654321", "7654321, 1234567.")
	f.Add("", ",.\n")
	f.Fuzz(func(t *testing.T, expected, answer string) {
		values := strings.Split(expected, "|")
		if s := Score(values, answer); !(s >= 0 && s <= 1) {
			t.Fatalf("score %v", s)
		}
		for _, v := range values {
			if v == "" || v != strings.TrimSpace(v) || strings.ContainsAny(v, ",\n") {
				return
			}
		}
		if s := Score(values, strings.Join(values, ", ")+"."); s != 1 {
			t.Fatalf("all of %q score %v", values, s)
		}
	})
}
