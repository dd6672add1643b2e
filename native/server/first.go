package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"

	"kvscope/assets"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/viz/paint"
	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/page"
	"kvscope/web/widget"
)

// firstScreen is what the explorer shows at an address without a query until its program
// is there: the page as the runs leave it, which were recorded here, and those runs, each
// as frames.
type firstScreen struct {
	html string
	runs []shipped
}

// newFirstScreen runs what the first screen of a site asks for.
func newFirstScreen(ctx context.Context, r Runner, site api.Site, meta api.Meta) (*firstScreen, error) {
	still, err := stillColours()
	if err != nil {
		return nil, err
	}
	var first firstScreen
	drawn, err := page.FirstScreen(client.Hosts(site, &url.URL{}), meta, still, func(req run.Request) ([]trace.Event, error) {
		// Others may take long.
		if !slices.ContainsFunc(site.Models, func(f api.SiteFile) bool { return f.Name == req.Model }) {
			return nil, fmt.Errorf("the first screen shows %s, which does not come with the program", req.Model)
		}
		var frames bytes.Buffer
		if err := r.Run(ctx, req, trace.NewWriter(&frames)); err != nil {
			return nil, fmt.Errorf("the run of %s on the first screen: %w", req.Model, err)
		}
		id := req.ID()
		first.runs = append(first.runs, shipped{SiteFile: api.SiteFile{Name: id, File: "web/run-" + id + "-" + hash(frames.Bytes()) + ".gz", Size: frames.Len()}, data: frames.Bytes()})
		return eventsOf(frames.Bytes())
	})
	if err != nil {
		return nil, err
	}
	// Nothing in it is to be found by the program, read aloud or pressed.
	drawn = blanks.ReplaceAllString(drawn, "$1$2")
	drawn = unset.ReplaceAllLiteralString(own.ReplaceAllLiteralString(drawn, ""), "")
	first.html = `<div id="first-screen" aria-hidden="true" inert>` + drawn + "</div>\n"
	return &first, nil
}

// blanks are what go-app puts around a text, which some elements show.
var blanks = regexp.MustCompile(`(>)\n|\n(<)`)

// own is what elements have for themselves alone in a page.
var own = regexp.MustCompile(` (?:id|name|for|data-testid)="[^"]*"`)

// loader begins the element that says how far the program has come, which is the last; its
// attributes stand in any order.
var loader = regexp.MustCompile(`<aside [^>]*id="app-wasm-loader"`)

// in is a page with the first screen above it; of nil, as it is.
func (f *firstScreen) in(page []byte) []byte {
	if f == nil {
		return page
	}
	at := loader.FindIndex(page)
	if at == nil {
		return page
	}
	return slices.Concat(page[:at[0]], []byte(f.html), page[at[0]:])
}

// eventsOf reads frames.
func eventsOf(frames []byte) ([]trace.Event, error) {
	var events []trace.Event
	for r := trace.NewReader(bytes.NewReader(frames)); ; {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
}

// stillColours are those of the style sheet.
func stillColours() (widget.Still, error) {
	var s widget.Still
	for dark, to := range map[bool]*paint.Palette{false: &s.Day, true: &s.Night} {
		colours, err := assets.Colours(dark)
		if err != nil {
			return s, err
		}
		*to, err = paint.NewPalette(func(name string) string { return colours[name[len("--"):]] }, dark)
		if err != nil {
			return s, fmt.Errorf("colours of the style sheet: %w", err)
		}
	}
	return s, nil
}

// drawFirst records the first screen of a server.
func (s *Server) drawFirst(ctx context.Context) {
	first, err := newFirstScreen(ctx, s.runner, s.site, s.describe())
	if err != nil {
		s.log.Debug("no first screen ahead of the program", "why", err)
		return
	}
	s.first.Store(first)
}
