package page

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Opened files are kept in a database of the browser (IndexedDB), so that a reload finds
// them. Which of them a column shows is kept by tab, in its session storage.
const (
	filesName = "kvscope" // of the database
	filesIn   = "files"   // its only store: key → file
	keptFor   = 7 * 24 * time.Hour
)

// keyAt makes a key that sorts by time.
func keyAt(t time.Time, more string) string { return fmt.Sprintf("%015d-%s", t.UnixMilli(), more) }

func columnKey(side int) string { return "kvscope.file." + strconv.Itoa(side) }

// keptFile is the file that a column of this tab showed, key "" for none.
func keptFile(side int) (name, key string) {
	kept := app.Window().Get("sessionStorage").Call("getItem", columnKey(side))
	if !kept.Truthy() {
		return "", ""
	}
	key, name, _ = strings.Cut(kept.String(), " ")
	return name, key
}

// keepFile keeps the file that a column shows from now on, and drops those of tabs that
// are long gone.
func keepFile(side int, name string, file app.Value, failed func()) {
	letFileGo(side)
	key := keyAt(time.Now(), strconv.FormatUint(rand.Uint64(), 36))
	withFiles(func(files app.Value) {
		long := app.Window().Get("IDBKeyRange").Call("upperBound", keyAt(time.Now().Add(-keptFor), ""))
		files.Call("delete", long)
		answer(files.Call("put", file, key), func(app.Value) {
			app.Window().Get("sessionStorage").Call("setItem", columnKey(side), key+" "+name)
		}, failed)
	}, failed)
}

// findFile finds a kept file; done gets undefined where there is none.
func findFile(key string, done func(file app.Value)) {
	none := func() { done(app.Undefined()) }
	withFiles(func(files app.Value) { answer(files.Call("get", key), done, none) }, none)
}

// letFileGo forgets the file of a column.
func letFileGo(side int) {
	_, key := keptFile(side)
	if key == "" {
		return
	}
	app.Window().Get("sessionStorage").Call("removeItem", columnKey(side))
	withFiles(func(files app.Value) { files.Call("delete", key) }, func() {})
}

// withFiles opens the store of files for one transaction.
func withFiles(use func(files app.Value), failed func()) {
	databases := app.Window().Get("indexedDB")
	if !databases.Truthy() {
		failed()
		return
	}
	opening := databases.Call("open", filesName, 1)
	create := app.FuncOf(func(app.Value, []app.Value) any {
		opening.Get("result").Call("createObjectStore", filesIn)
		return nil
	})
	opening.Set("onupgradeneeded", create)
	answer(opening, func(database app.Value) {
		create.Release()
		use(database.Call("transaction", filesIn, "readwrite").Call("objectStore", filesIn))
		database.Call("close") // once the transaction is over
	}, func() { create.Release(); failed() })
}

// answer hears what becomes of a request to a database.
func answer(request app.Value, done func(result app.Value), failed func()) {
	var good, bad app.Func
	release := func() { good.Release(); bad.Release() }
	good = app.FuncOf(func(app.Value, []app.Value) any { release(); done(request.Get("result")); return nil })
	bad = app.FuncOf(func(app.Value, []app.Value) any { release(); failed(); return nil })
	request.Set("onsuccess", good)
	request.Set("onerror", bad)
}
