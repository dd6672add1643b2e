package widget

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Legend says what colours and marks mean, the same in every view.
func Legend() app.UI {
	entry := func(class, text string) []app.UI {
		return []app.UI{app.Span().Class("key " + class), app.Span().Text(text)}
	}
	var body []app.UI
	body = append(body, entry("picked", "picked by the method")...)
	body = append(body, entry("", "there to be picked, but not picked")...)
	body = append(body, entry("gold", "holds the answer token (gold)")...)
	body = append(body, entry("oracle", "among the truly heaviest (oracle)")...)
	body = append(body, entry("hit", "head that picked gold at every step (hit)")...)
	body = append(body, entry("preview", "preview, from the scores of the last run")...)
	body = append(body, entry("only-left", "picked in the first column alone")...)
	body = append(body, entry("in-both", "picked in both")...)
	body = append(body, entry("only-right", "picked in this column alone")...)
	body = append(body, app.Span().Class("key text").Style("color", "var(--right)").Text("7 "), app.Span().Text("right token"))
	body = append(body, app.Span().Class("key text").Style("color", "var(--wrong)").Style("text-decoration", "underline wavy 1px").Text("7 "), app.Span().Text("wrong token"))
	body = append(body, app.Div().Class("ramp").Body(app.Span().Text("0"), app.I(), app.Span().Text("1, all heads")))
	return app.Div().Class("legend").Body(body...)
}
