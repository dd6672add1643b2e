package browser

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Database keeps files under keys for all tabs, in IndexedDB. A browser may have none;
// then everything fails.
type Database struct{ Name, Store string }

// Put keeps a file, and forgets those whose keys are not above oldest. It is done when a
// reload would find the file: a request may succeed whose transaction is lost with the page.
func (d Database) Put(key string, file app.Value, oldest string, done, failed func()) {
	d.with(func(files app.Value) {
		files.Call("delete", app.Window().Get("IDBKeyRange").Call("upperBound", oldest))
		files.Call("put", file, key)
		hear(files.Get("transaction"), "oncomplete", "onabort", done, failed)
	}, failed)
}

// Get finds a kept file; done gets undefined where there is none.
func (d Database) Get(key string, done func(file app.Value)) {
	none := func() { done(app.Undefined()) }
	d.with(func(files app.Value) { answer(files.Call("get", key), done, none) }, none)
}

// All finds everything that is kept, by the order of the keys.
func (d Database) All(done func(keys, values []app.Value), failed func()) {
	d.with(func(files app.Value) {
		answer(files.Call("getAllKeys"), func(keys app.Value) {
			answer(files.Call("getAll"), func(all app.Value) { done(list(keys), list(all)) }, failed)
		}, failed)
	}, failed)
}

// Delete forgets a file. It is done when a reload would not find it.
func (d Database) Delete(key string, done, failed func()) {
	d.with(func(files app.Value) {
		files.Call("delete", key)
		hear(files.Get("transaction"), "oncomplete", "onabort", done, failed)
	}, failed)
}

// with opens the store for one transaction.
func (d Database) with(use func(files app.Value), failed func()) {
	databases, opening := allowed("indexedDB"), app.Undefined()
	if !databases.Truthy() || !lets(func() { opening = databases.Call("open", d.Name, 1) }) {
		failed()
		return
	}
	create := app.FuncOf(func(app.Value, []app.Value) any {
		opening.Get("result").Call("createObjectStore", d.Store)
		return nil
	})
	opening.Set("onupgradeneeded", create)
	answer(opening, func(database app.Value) {
		create.Release()
		use(database.Call("transaction", d.Store, "readwrite").Call("objectStore", d.Store))
		database.Call("close") // once the transaction is over
	}, func() { create.Release(); failed() })
}

// answer hears what becomes of a request to a database.
func answer(request app.Value, done func(result app.Value), failed func()) {
	hear(request, "onsuccess", "onerror", func() { done(request.Get("result")) }, failed)
}

// hear hears once whether something goes well or badly.
func hear(of app.Value, well, badly string, done, failed func()) {
	var good, bad app.Func
	release := func() { good.Release(); bad.Release() }
	good = app.FuncOf(func(app.Value, []app.Value) any { release(); done(); return nil })
	bad = app.FuncOf(func(app.Value, []app.Value) any { release(); failed(); return nil })
	of.Set(well, good)
	of.Set(badly, bad)
}
