package e2e

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"kvscope/engine/run"
	"kvscope/native/browsertest"
)

// holdMemory lets a page tell how large the memory of its program is.
const holdMemory = `(() => {
	const start = WebAssembly.instantiate;
	WebAssembly.instantiate = async (...args) => {
		const instance = await start.apply(WebAssembly, args);
		window.programMemory = instance.exports.mem;
		return instance;
	};
})()`

// mostChange is how long a change may take before it is said that it does not come, and
// mostChanges that of a step of them, after which the page itself does not answer.
const (
	mostChange  = time.Minute
	mostChanges = 10 * time.Minute
)

// changeBudget waits for both columns and then presses budgets in turn, each when both have
// the one before. A change that does not come, or fails, is an error with what is on the page.
var changeBudget = fmt.Sprintf(`(async (from, n) => {
	const frame = () => new Promise(requestAnimationFrame);
	const until = async (what, done) => {
		for (const since = performance.now(); !done(); await frame()) {
			const columns = [...document.querySelectorAll("section.column")];
			if (columns.some(c => c.dataset.state === "failed") || performance.now() - since > %d)
				throw new Error(what + " did not come: " + columns.map(c => c.dataset.state + ", " + c.innerText.slice(0, 200)).join(" | "));
		}
	};
	await until("the first run", () => %s);
	for (let i = from; i < from + n; i++) {
		const gens = %s;
		const all = document.querySelectorAll('[data-testid="choose-budget"] input:not(:checked)');
		all[i %% all.length].click();
		await until("change " + i, () => %[2]s && %[3]s !== gens);
	}
})`, mostChange.Milliseconds(), allDone, gensOf)

// BenchmarkPageMemory changes the budget of one prompt as often as -benchtime says, in the
// page in front of the demo pair, and prints how much memory the page has after the first
// 50 changes and how much more at most after any later ones: that of the program, which
// never gets smaller, and that of the JavaScript around it. With -v it says so as it goes.
// However it ends, it says after how many changes, and why.
func BenchmarkPageMemory(b *testing.B) {
	const first, step = 50, 25
	s := httptest.NewServer(newServer(b, run.NewCache(demoEngine(b), 1<<28)))
	b.Cleanup(s.Close)
	d := &desk{b, browsertest.OpenFor(b, 10*time.Minute+time.Duration(b.N)*20*time.Second), nil, s.URL}
	d.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(holdMemory).Do(ctx)
		return err
	}))
	d.do(chromedp.Navigate(s.URL + "/?task=MK-2&seed=3"))
	d.awaits("(" + changeBudget + ")(0, 0)")
	var after, most float64
	done := 0
	b.Cleanup(func() {
		if done < b.N {
			b.Logf("ended after %d of %d changes; on the console: %v", done, b.N, d.tab.Errors())
		}
	})
	b.ResetTimer()
	for done < b.N {
		n := min(step, b.N-done)
		d.awaits(fmt.Sprintf("(%s)(%d, %d)", changeBudget, done, n))
		done += n
		program, script, nodes := d.memory()
		b.Logf("%d changes in %.0f s: program %.1f MB, JavaScript %.1f MB, %d nodes", done, b.Elapsed().Seconds(), program, script, nodes)
		if done <= first {
			after = program + script
		}
		most = max(most, program+script)
	}
	d.quiet()
	b.ReportMetric(after, "MB-after-50")
	b.ReportMetric(most-after, "MB-more-at-most")
}

// awaits lets a promise of the page be kept, and fails where the page breaks it or is gone.
func (d *desk) awaits(promise string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.tab.Context, mostChanges)
	defer cancel()
	kept := chromedp.Evaluate(promise, nil, awaited)
	if err := chromedp.Run(ctx, kept); err != nil {
		d.t.Fatalf("the page did not do what it was told: %v; on the console: %v", err, d.tab.Errors())
	}
}

// memory is the memory of the page's program and, after a collection, of its JavaScript, in
// MB, and the number of its nodes.
func (d *desk) memory() (program, script float64, nodes int64) {
	d.t.Helper()
	program = evaluate[float64](d, "programMemory.buffer.byteLength") / 1e6
	d.do(chromedp.ActionFunc(func(ctx context.Context) error {
		if err := heapprofiler.CollectGarbage().Do(ctx); err != nil {
			return err
		}
		used, _, _, _, err := cdpruntime.GetHeapUsage().Do(ctx)
		if err != nil {
			return err
		}
		script = used / 1e6
		_, nodes, _, err = memory.GetDOMCounters().Do(ctx)
		return err
	}))
	return program, script, nodes
}
