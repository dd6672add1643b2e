package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/inspector"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// timeout is for a whole test: a cold browser on a busy machine needs a while.
const timeout = 5 * time.Minute

// Tab is a browser tab that notes what its page does.
type Tab struct {
	Context context.Context // for chromedp.Run; ends with the test, or with Close

	close    func()
	mu       sync.Mutex
	requests []string
	errors   []string
}

// Open starts a browser of its own for t, with an empty tab of 1280 by 720. Without
// a Chromium it skips t, or fails it when CI=true.
func Open(t testing.TB) *Tab {
	t.Helper()
	return OpenFor(t, timeout)
}

// OpenFor is Open for a test that takes longer than usual, or wants a browser of its own
// kind.
func OpenFor(t testing.TB, timeout time.Duration, more ...chromedp.ExecAllocatorOption) *Tab {
	t.Helper()
	path := find(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.WindowSize(1280, 720),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // which a container's root does not have
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(timeout),
	)
	options = append(options, more...)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	tab := &Tab{}
	tab.Context, cancel = chromedp.NewContext(ctx)
	// The browser must be gone before t removes its folder.
	tab.close = sync.OnceFunc(func() {
		if err := chromedp.Cancel(tab.Context); err != nil {
			t.Logf("close the browser: %v", err)
		}
		cancel()
	})
	t.Cleanup(tab.close)
	chromedp.ListenTarget(tab.Context, tab.note)
	if err := chromedp.Run(tab.Context, network.Enable(), cdplog.Enable(), chromedp.EmulateViewport(1280, 720)); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return tab
}

// Close ends the tab's browser before the test is over, for tests that open many.
func (tab *Tab) Close() { tab.close() }

// find names the browser to use.
func find(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("KVSCOPE_CHROMIUM"); path != "" {
		return path
	}
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	why := "no browser: put " + strings.Join(names, " or ") + " on PATH, or its path in KVSCOPE_CHROMIUM"
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}

func (tab *Tab) note(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		tab.requests = append(tab.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		tab.requests = append(tab.requests, e.URL)
	case *runtime.EventExceptionThrown:
		tab.errors = append(tab.errors, e.ExceptionDetails.Error())
	case *inspector.EventTargetCrashed:
		tab.errors = append(tab.errors, "the page crashed")
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.LevelError {
			tab.errors = append(tab.errors, fmt.Sprintf("%s %s", e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError {
			var words []string
			for _, a := range e.Args {
				words = append(words, a.Description+string(a.Value))
			}
			tab.errors = append(tab.errors, strings.Join(words, " "))
		}
	}
}

// Requests returns the URLs that the page asked for so far.
func (tab *Tab) Requests() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return append([]string(nil), tab.requests...)
}

// Errors returns what the page wrote to its console as errors, and what it threw.
func (tab *Tab) Errors() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return append([]string(nil), tab.errors...)
}

// Outside returns the requests that went anywhere but to the server at origin,
// such as "http://127.0.0.1:8080".
func (tab *Tab) Outside(origin string) []string {
	_, host, _ := strings.Cut(origin, "://")
	host, _, _ = strings.Cut(host, "/")
	var out []string
	for _, url := range tab.Requests() {
		scheme, rest, _ := strings.Cut(url, "://")
		switch scheme {
		case "http", "https", "ws", "wss":
			if at, _, _ := strings.Cut(rest, "/"); at != host {
				out = append(out, url)
			}
		}
	}
	return out
}
