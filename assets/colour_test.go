package assets

import (
	"os"
	"strings"
	"testing"
)

// dayAndNight are the colours of the style sheet by day and by night.
func dayAndNight(t *testing.T) (day, night map[string]string) {
	t.Helper()
	day, err := Colours(false)
	if err != nil {
		t.Fatal(err)
	}
	if night, err = Colours(true); err != nil {
		t.Fatal(err)
	}
	return day, night
}

func TestColours(t *testing.T) {
	day, night := dayAndNight(t)
	sheet, err := css.ReadFile("css/colour.css")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(sheet), ": light-dark("); len(day) != n || len(night) != n {
		t.Errorf("%d colours by day and %d by night, the style sheet has %d", len(day), len(night), n)
	}
	for name, c := range day {
		if !strings.Contains(string(sheet), "--"+name+": light-dark("+c+", "+night[name]+");") {
			t.Errorf("%s is %s by day and %s by night, not so in the style sheet", name, c, night[name])
		}
	}
}

// TestReportHasTheSameColours: a report stands alone, so it brings its own list.
func TestReportHasTheSameColours(t *testing.T) {
	text, err := os.ReadFile("../viz/report/report.css")
	if err != nil {
		t.Fatal(err)
	}
	day, night := dayAndNight(t)
	list := declared.FindAllStringSubmatch(string(text), -1)
	if len(list) == 0 {
		t.Fatal("the report's style sheet has no colours")
	}
	for _, m := range list {
		if name := m[1]; m[2] != day[name] || m[3] != night[name] {
			t.Errorf("%s: %s and %s in the report, %s and %s on the page", name, m[2], m[3], day[name], night[name])
		}
	}
}
