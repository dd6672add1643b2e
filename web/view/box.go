package view

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Box is the lowest part of a column: the chooser and the picture of the view v.
func Box(v View, p Picture, f *Frame) app.UI {
	var options [][2]string
	for _, other := range f.State.Views {
		options = append(options, [2]string{other.Name, other.Title})
	}
	drawn := p.Draw(f)
	head := []app.UI{
		&widget.Switch{Name: "view-" + f.ID, Label: "show", Value: v.Name, Options: options, On: f.On},
	}
	head = append(head,
		&widget.Press{Label: "⤢", Title: "let the view fill its column (w)", Test: "wide-" + f.ID, Pressed: f.State.Wide, Do: state.Toggle{Name: "wide"}, On: f.On},
		&widget.SaveMenu{Side: f.Side, Picture: "view", Formats: v.Saves, Label: "save this view", Dark: f.State.IsDark(), White: f.State.White, On: f.On})
	return app.Div().Class("view-box stale").DataSet("part", "view").DataSet("testid", "view-"+f.ID).DataSet("view", v.Name).
		Aria("label", v.About).
		Body(app.Div().Class("heading").Body(head...), drawn.Body,
			app.Div().Class("view-foot").Body(append([]app.UI{&widget.Legend{Of: "view-" + f.ID, Keys: drawn.Legend}}, drawn.Tools...)...))
}

// message stands in for a picture that is not there.
func message(what, more string) app.UI {
	return app.Div().Class("message").Attr("role", "status").Body(app.B().Text(what), app.Span().Text(more))
}

// missing is the message in the place of a picture that needs the tensors of a head while
// they are not there, nil when they are.
func missing(f *Frame) app.UI {
	data := f.Column.HeadData
	switch {
	case f.State.Head == nil:
		return message("No head is locked.", "Press one in the grid above, or ↓.")
	case f.Column.Phase == state.Loading:
		return message("The run is not over yet.", "A head can be looked into once it is.")
	case data.Head != nil:
		return nil
	case beyond(f, f.State.Head) != nil:
		return beyond(f, f.State.Head)
	case f.Column.Phase != state.Done:
		what := "The run was stopped."
		if f.Column.Phase == state.Failed {
			what = "The run failed."
		}
		return message(what, "A head can be looked into once a run has come to its end: run it again.")
	case data.Phase == state.Failed:
		return app.Div().Class("message bad").Attr("role", "alert").Body(app.B().Text("This head cannot be shown."), app.P().Text(data.Problem),
			&widget.Press{Label: "try again", Test: "look-again", Do: state.Forget{}, On: f.On})
	}
	return app.Div().Class("message").Attr("role", "status").Body(
		app.Div().Class("bar unsure").Attr("role", "progressbar").Aria("label", "the head is on its way").Body(app.I()),
		app.B().Text("Asking for the head."), app.Span().Text("Its queries and keys come once; what is drawn of them is computed here."))
}

// beyond is the message where the run's model does not have a head, nil where it does.
func beyond(f *Frame, head *picture.Head) app.UI {
	h := f.Column.Run.Header
	if head.Layer < h.Layers && head.Head < h.Heads {
		return nil
	}
	return message("This model has no head "+widget.HeadName(head)+".", fmt.Sprintf("It has %s of %s each, counted from 0.", number.Of(h.Layers, "layer"), number.Of(h.Heads, "head")))
}
