package page

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
	"kvscope/web/traces"
)

// Opened files are kept in a database of the browser, so that a reload finds them. Which
// of them a column shows is kept by tab, in its session storage.
const keptFor = 7 * 24 * time.Hour

func keptFiles() browser.Database { return browser.Database{Name: "kvscope", Store: "files"} }

// columnPlace and capturePlace are where the session says which file a column shows, and
// which holds queries and keys that are a model.
func columnPlace(side int) string { return "kvscope.file." + strconv.Itoa(side) }

const capturePlaces = "kvscope.capture."

func capturePlace(name string) string { return capturePlaces + name }

// keptFile is the file that a place of this tab had, key "" for none.
func keptFile(place string) (name, key string) {
	key, name, _ = strings.Cut(browser.Session.Get(place), " ")
	return name, key
}

// keepFile keeps the file that a place has from now on, and drops those of tabs that are
// long gone.
func keepFile(place, name string, file app.Value, done, failed func()) {
	letFileGo(place)
	key := traces.KeyAt(time.Now(), strconv.FormatUint(rand.Uint64(), 36))
	keptFiles().Put(key, file, traces.KeyAt(time.Now().Add(-keptFor), ""), func() { browser.Session.Set(place, key+" "+name); done() }, failed)
}

// letFileGo forgets the file of a place.
func letFileGo(place string) {
	if _, key := keptFile(place); key != "" {
		browser.Session.Remove(place)
		nothing := func() {} // what stays is dropped when it is old
		keptFiles().Delete(key, nothing, nothing)
	}
}
