package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"kvscope/native/browsertest"
	"kvscope/native/server"
)

// TestFirstScreen: what was recorded stands on the screen while the program is on its way,
// where nothing else is asked for, and gives way to the program's own.
func TestFirstScreen(t *testing.T) {
	e := newEngine(t)
	site := http.FileServerFS(siteOf(t, e, server.StaticConfig{Program: ownProgram(t), Models: newModels(t)}))
	arrive, now := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, ".wasm") {
			<-arrive.Done()
		}
		site.ServeHTTP(w, r)
	}))
	defer s.Close()
	defer now()
	d := &desk{t, browsertest.Open(t), e, s.URL}
	const shown = `(() => { const first = document.getElementById("first-screen"); return !!first && first.getClientRects().length > 0; })()`
	d.do(chromedp.Navigate(s.URL + "/?task=S-2"))
	d.wait(`document.documentElement.dataset.boot === "loading"`)
	if evaluate[bool](d, shown) {
		t.Error("an address that asks for something else shows the first screen")
	}
	d.do(chromedp.Navigate(s.URL + "/"))
	d.wait(`document.documentElement.dataset.boot === "loading" && ` + shown)
	if got := evaluate[int](d, `[...document.querySelectorAll("#first-screen canvas")].filter((c) => getComputedStyle(c).backgroundImage.startsWith("url(\"data:image/png")).length`); got != 2 {
		t.Errorf("%d block grids are painted on the first screen, want 2", got)
	}
	picks := func(of string) string {
		return evaluate[string](d, `[...document.querySelectorAll('`+of+` .grid-row')].map((r) => r.getAttribute("aria-label")).join()`)
	}
	recorded := picks("#first-screen")
	if evaluate[bool](d, `!!document.querySelector('#first-screen [id], #first-screen [data-testid]')`) {
		t.Error("parts of the first screen can be taken for the page's own")
	}
	now()
	d.finished("")
	d.wait(`!document.getElementById("first-screen") && !("first" in document.documentElement.dataset)`)
	if own := picks(id("explorer")); own != recorded || own == "" {
		t.Errorf("the first screen shows %s\nand the page then %s", recorded, own)
	}
	d.quiet()
}
