package e2e

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kvscope/assets"
	"kvscope/engine/run"
	"kvscope/engine/testfile"
	"kvscope/native/browsertest"
	"kvscope/native/server"
	"kvscope/web/lesson"
)

// outOfSight lists the columns in which nothing can be seen of what a step of the lecture is
// about: it must stand in the window, and in the box that scrolls it, for at least half of
// its height or that of the box.
const outOfSight = `(() => {
	const look = document.querySelector(".explorer").dataset.look;
	const places = look === "inspector" ? [".inspector > :last-child"] : look === "columns" ? [".columns"] : look === "question" ? ['[data-part="question"]'] : ['.column > [data-part="' + look + '"]'];
	return [...document.querySelectorAll(places)].flatMap((e, i) => {
		let r = e.getBoundingClientRect(), top = Math.max(0, r.top), foot = Math.min(innerHeight, r.bottom), room = innerHeight;
		for (let p = e.parentElement; p; p = p.parentElement) {
			if (getComputedStyle(p).overflowY === "visible") continue;
			const b = p.getBoundingClientRect();
			[top, foot, room] = [Math.max(top, b.top), Math.min(foot, b.bottom), Math.min(room, b.height)];
		}
		return foot - top >= Math.min(r.height, room) / 2 ? [] : [look + " of column " + i + ": " + Math.max(0, foot - top).toFixed() + " of " + r.height.toFixed() + " pixels"];
	});
})()`

// Every step of the lecture, with the models that it is about, by keyboard alone: on a
// projector and on a phone, in both sets of colours, held against axe-core's rules, with
// nothing out of reach. KVSCOPE_LECTURE names the folder that gets a picture of each.
// KVSCOPE_LECTURE_FROM=disk opens the site that `kvscope export --disk --snapshots` writes by
// its files, with no server.
func TestEveryStepOfTheLecture(t *testing.T) {
	folder := os.Getenv("KVSCOPE_LECTURE")
	if folder == "" {
		t.Skip("goes through all steps where KVSCOPE_LECTURE names a folder for their pictures")
	}
	script, err := os.ReadFile(testfile.Fetched(t, testfile.File{Name: "axe.js", Target: "axe", From: "axe-core 4.14.1 of npm"}))
	if err != nil {
		t.Fatal(err)
	}
	at := lectureAt(t)
	for _, size := range [][2]int64{{1024, 768}, {360, 740}} {
		for _, l := range lesson.All() {
			t.Run(fmt.Sprintf("%d/%s", size[0], l.ID), func(t *testing.T) {
				w := &walker{&audit{&desk{t, browsertest.OpenFor(t, 5*time.Minute), nil, at}, string(script)}, folder, size}
				w.do(chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(at))
				w.wait(`document.querySelector('` + id("lessons") + `')?.dataset.ready === "true"`)
				w.tabTo(`[data-lesson="` + l.ID + `"] a`)
				w.do(chromedp.KeyEvent(kb.Enter))
				w.lands(`!!document.querySelector('` + id("lesson") + `')?.dataset.at`) // on a disk another page
				for i := range l.Steps {
					w.step(lesson.At{Lesson: l.ID, Step: i})
					w.do(chromedp.KeyEvent(kb.PageDown))
				}
				w.quiet()
			})
		}
	}
}

// lectureAt is the address of the list of lessons.
func lectureAt(t *testing.T) string {
	t.Helper()
	switch from := os.Getenv("KVSCOPE_LECTURE_FROM"); from {
	case "":
		s := httptest.NewServer(newServer(t, run.NewCache(demoEngine(t), 1<<28)))
		t.Cleanup(s.Close)
		return s.URL + "/lessons"
	case "disk":
		site := filepath.Join(t.TempDir(), "USB stick")
		if err := os.CopyFS(site, siteOf(t, demoEngine(t), server.StaticConfig{Program: ownProgram(t), Snapshots: true, Disk: true, Models: assets.Models()})); err != nil {
			t.Fatal(err)
		}
		return "file://" + site + "/lessons/index.html"
	default:
		t.Fatalf("KVSCOPE_LECTURE_FROM is %q, want disk, or nothing for a server", from)
		return ""
	}
}

// walker goes through the lecture in a window of one size.
type walker struct {
	*audit
	folder string
	size   [2]int64
}

// tabTo presses Tab until the keyboard is at what a selector finds.
func (w *walker) tabTo(selector string) {
	w.t.Helper()
	for range 60 {
		w.do(chromedp.KeyEvent(kb.Tab))
		if evaluate[bool](w.desk, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
	}
	w.t.Fatalf("Tab does not lead to %s", selector)
}

// step looks at a step: what it asks first, then its picture.
func (w *walker) step(at lesson.At) {
	w.t.Helper()
	w.at(at)
	_, step, _ := at.Find()
	name := at.String()
	if step.Predict != nil {
		w.look(name + "-asked")
		w.tabTo(id(fmt.Sprintf("predict-%d", step.Predict.Right)))
		w.do(chromedp.KeyEvent(" "))
		w.wait(`document.querySelector('` + id("because") + `')?.textContent.startsWith("So it is.")`)
		w.at(at)
	}
	w.look(name)
	if wrong := evaluate[[]string](w.desk, unreachable); len(wrong) > 0 {
		w.t.Errorf("%s: %d things cannot be reached\n%s", name, len(wrong), strings.Join(wrong[:min(len(wrong), 12)], "\n"))
	}
}

// look takes pictures of the page as it is, and holds it against the rules.
func (w *walker) look(name string) {
	w.t.Helper()
	w.wait(`document.querySelectorAll(".bar.unsure").length === 0 && [...document.querySelectorAll(".map")].every(m => m.dataset.built === "true")`)
	for _, c := range []struct{ scheme, rules string }{{"light", everyRule}, {"dark", colours}} {
		w.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: c.scheme}}), chromedp.Sleep(300*time.Millisecond))
		if hidden := evaluate[[]string](w.desk, outOfSight); len(hidden) > 0 && !w.scrolls() {
			w.t.Errorf("%s: out of sight: %s", name, strings.Join(hidden, ", "))
		}
		var png []byte
		take := chromedp.CaptureScreenshot(&png)
		if w.scrolls() {
			take = chromedp.FullScreenshot(&png, 100)
		}
		w.do(take)
		file := filepath.Join(w.folder, fmt.Sprintf("%d-%s-%s.png", w.size[0], c.scheme, name))
		if err := os.WriteFile(file, png, 0o644); err != nil {
			w.t.Fatal(err)
		}
		if w.scrolls() { // the timeline stays at the foot: it must not hide half of what is to be pressed
			w.do(chromedp.EmulateViewport(w.size[0], 12000))
		}
		w.lookAt(fmt.Sprintf("%s, %d pixels wide, %s", name, w.size[0], c.scheme), c.scheme, "document", c.rules)
		w.do(chromedp.EmulateViewport(w.size[0], w.size[1]))
	}
}

// scrolls reports whether the page scrolls as a whole, as it does on a phone.
func (w *walker) scrolls() bool { return w.size[0] < 832 }
