package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// Methods are found by what they are called or do: the others go out of sight, with the names
// of families that have none left, and come back.
func TestFindAMethod(t *testing.T) {
	d := sit(t, "")
	d.finished("")
	seen := `[...document.querySelectorAll('` + id("choose-method") + ` label, ` + id("choose-method") + ` .family')].
		filter(e => e.offsetParent).map(e => e.querySelector("input")?.value ?? e.textContent)`
	all := evaluate[[]string](d, seen)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"columns", []string{"token selection", "vertical-slash"}},
		{"2510.00636", []string{"eviction", "expected-attention"}},
		{"QUEST", []string{"block selection", "quest", "token selection", "twilight"}},
		{"nothing such", []string{}},
		{"", all},
	} {
		evaluate[any](d, fmt.Sprintf(`(() => {
			const e = document.querySelector('%s');
			e.value = %q;
			e.dispatchEvent(new Event("input", {bubbles: true}));
		})()`, id("find-method"), c.text))
		d.wait(fmt.Sprintf("(%s).join() === %q", seen, strings.Join(c.want, ",")))
	}
	d.quiet()
}
