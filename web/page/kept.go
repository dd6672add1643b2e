package page

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
)

// Opened files are kept in a database of the browser, so that a reload finds them. Which
// of them a column shows is kept by tab, in its session storage.
const keptFor = 7 * 24 * time.Hour

func keptFiles() browser.Database { return browser.Database{Name: "kvscope", Store: "files"} }

// keyAt makes a key that sorts by time.
func keyAt(t time.Time, more string) string { return fmt.Sprintf("%015d-%s", t.UnixMilli(), more) }

func columnKey(side int) string { return "kvscope.file." + strconv.Itoa(side) }

// keptFile is the file that a column of this tab showed, key "" for none.
func keptFile(side int) (name, key string) {
	key, name, _ = strings.Cut(browser.Session.Get(columnKey(side)), " ")
	return name, key
}

// keepFile keeps the file that a column shows from now on, and drops those of tabs that
// are long gone.
func keepFile(side int, name string, file app.Value, failed func()) {
	letFileGo(side)
	key := keyAt(time.Now(), strconv.FormatUint(rand.Uint64(), 36))
	keptFiles().Put(key, file, keyAt(time.Now().Add(-keptFor), ""), func() { browser.Session.Set(columnKey(side), key+" "+name) }, failed)
}

// letFileGo forgets the file of a column.
func letFileGo(side int) {
	if _, key := keptFile(side); key != "" {
		browser.Session.Remove(columnKey(side))
		keptFiles().Delete(key)
	}
}
