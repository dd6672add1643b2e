package jobs

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	start := time.Unix(1000, 0)
	after := func(d time.Duration) time.Time { return start.Add(d) }
	var m meter
	check := func(at time.Time, want float64) {
		t.Helper()
		if got := m.rate(at); got != want {
			t.Errorf("%v after the start: %g examples a second, want %g", at.Sub(start), got, want)
		}
	}
	check(start, 0)
	m.add(start, 50)
	check(after(time.Second), 0) // one cell alone says nothing
	m.add(after(5*time.Second), 20)
	m.add(after(10*time.Second), 30)
	check(after(10*time.Second), 5)
	check(after(20*time.Second), 2.5)
	check(after(62*time.Second), 30.0/57) // the second cell is the oldest within the span
	for i := range 2 * meterCells {
		m.add(after(time.Hour+time.Duration(i)*time.Second), 7)
	}
	if got := m.rate(after(time.Hour + 127*time.Second)); got != 7 {
		t.Errorf("a steady 7 a second reads %g", got)
	}
}
