package e2e

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/native/browsertest"
	"kvscope/native/server"
	"kvscope/native/store"
)

// TestLongTextInAnotherBrowser: the link to a text that is too long for it works in a
// browser that never saw the text, since the server keeps it, and the page says so.
func TestLongTextInAnotherBrowser(t *testing.T) {
	onServer(t, "it keeps a text for other browsers")
	texts, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { texts.Close() })
	e := newEngine(t)
	s := httptest.NewServer(newServer(t, run.NewCache(e, 1<<28), func(c *server.Config) { c.Store = texts }))
	t.Cleanup(s.Close)
	d := &desk{t, browsertest.Open(t), e, s.URL}
	d.do(browser.GrantPermissions([]browser.PermissionType{browser.PermissionTypeClipboardReadWrite, browser.PermissionTypeClipboardSanitizedWrite}).WithOrigin(s.URL))
	d.do(chromedp.Navigate(s.URL + "/"))
	d.finished("")
	text := d.ownText(500)
	d.wait(`location.search.includes("text_name=")`)
	d.press(id("share"))
	d.wait(`document.querySelector('` + id("said") + `')?.textContent.includes("which this server keeps too")`)
	link := evaluate[string](d, "location.href")
	d.quiet()
	d.tab.Close()

	other := &desk{t, browsertest.Open(t), e, s.URL}
	other.do(chromedp.Navigate(link))
	other.finished("")
	other.wait(fmt.Sprintf(`document.querySelector('[data-field="text"]').value.length === %d`, len(text)))
	other.has(id("asked"), "fuzzy-otter")
	other.quiet()
}
