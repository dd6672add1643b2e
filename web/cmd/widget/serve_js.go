package main

import (
	"syscall/js"

	"kvscope/web/runview"
)

// serve gives the page the function that shows a run, and never returns.
func serve() {
	js.Global().Set("kvscopeShowRun", js.FuncOf(func(_ js.Value, args []js.Value) any {
		file := make([]byte, args[1].Length())
		js.CopyBytesToGo(file, args[1])
		if err := show(args[0], file, args[2].String()); err != nil {
			return err.Error()
		}
		return ""
	}))
	select {}
}

// shown is a run in an element of a page.
type shown struct {
	view  *runview.View
	hide  []string
	root  js.Value            // the element's shadow root
	parts map[string]js.Value // by name
	drawn map[string]string   // what they hold
}

// show draws the run in file into a shadow root, without some parts, and listens.
func show(root js.Value, file []byte, hide string) error {
	v, err := runview.Read(file)
	if err != nil {
		return err //nolint:wrapcheck // it says what is wrong with the file
	}
	s := &shown{view: v, root: root, parts: map[string]js.Value{}, drawn: map[string]string{}}
	if s.hide, err = runview.ParseHide(hide); err != nil {
		return err //nolint:wrapcheck // it names the attribute
	}
	for _, element := range list(root.Call("querySelectorAll", "[data-part]")) {
		element.Call("remove") // the picture from before the program was there
	}
	if err := s.draw(); err != nil {
		return err
	}
	s.on("click", func(at js.Value) string { return at.Get("dataset").Get("press").String() })
	s.on("input", func(at js.Value) string {
		return at.Get("dataset").Get("press").String() + ":" + at.Get("value").String()
	})
	return nil
}

// on presses the control that an event happened at.
func (s *shown) on(event string, control func(at js.Value) string) {
	s.root.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
		at := args[0].Get("target").Call("closest", "[data-press]")
		if !at.IsNull() && s.view.Press(control(at)) {
			if err := s.draw(); err != nil {
				js.Global().Get("console").Call("error", err.Error())
			}
		}
		return nil
	}))
}

// draw writes the parts that have changed.
func (s *shown) draw() error {
	parts, err := s.view.Parts(s.hide)
	if err != nil {
		return err //nolint:wrapcheck // it names the part
	}
	for _, part := range parts {
		element, there := s.parts[part.Name]
		if !there {
			element = js.Global().Get("document").Call("createElement", "div")
			element.Get("dataset").Set("part", part.Name)
			s.root.Call("appendChild", element)
			s.parts[part.Name] = element
		}
		if s.drawn[part.Name] != part.HTML {
			s.drawn[part.Name] = part.HTML
			s.write(element, part.HTML)
		}
	}
	return nil
}

// write replaces what a part holds. A control that has the focus keeps it, and a slider
// that is being dragged stays as it is but for its name.
func (s *shown) write(element js.Value, html string) {
	focused := s.root.Get("activeElement")
	if !focused.Truthy() || !element.Call("contains", focused).Bool() {
		element.Set("innerHTML", html)
		return
	}
	press := focused.Get("dataset").Get("press")
	if focused.Get("tagName").String() == "INPUT" {
		fresh := js.Global().Get("document").Call("createElement", "div")
		fresh.Set("innerHTML", html)
		element.Call("querySelector", "output").Set("textContent", fresh.Call("querySelector", "output").Get("textContent"))
		return
	}
	element.Set("innerHTML", html)
	if press.Truthy() {
		element.Call("querySelector", `[data-press="`+press.String()+`"]`).Call("focus")
	}
}

func list(nodes js.Value) []js.Value {
	out := make([]js.Value, nodes.Length())
	for i := range out {
		out[i] = nodes.Index(i)
	}
	return out
}
