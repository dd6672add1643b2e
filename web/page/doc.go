// Package page holds the pages: each keeps a state, carries out the effects of its
// actions in the browser, and hands the pictures to the widgets.
//
//	app.Route("/", func() app.Composer { return page.NewExplorer(hosts) })
package page
