package runview

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the style sheet
	"encoding/base64"
	"fmt"
	"html"
	"strings"

	"kvscope/viz/number"
)

//go:embed runview.css
var styles string

// Program is the widget as a web page takes it in.
type Program struct {
	Colours string // style sheet that gives every colour its name, of :root
	Script  []byte // defines the element kvscope-run
	Code    []byte // WebAssembly, as gzip
}

// StyleSheet is the style of the parts within an element of their own.
func StyleSheet(colours string) string {
	return strings.ReplaceAll(colours, ":root", ":host, .kvscope-run") + styles
}

// document holds the run as a picture, which is there at once and without scripts, then
// the program and the run, with which it can be pressed.
const document = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title><style>html { color-scheme: light dark; } body { margin: 0 auto; max-width: 75rem; padding: 1rem; }</style></head><body>
<kvscope-run src="#kvscope-file" hide="%s"><template shadowrootmode="open"><style>%s</style>%s</template></kvscope-run>
<script type="application/octet-stream" id="kvscope-file">%s</script>
<script type="application/octet-stream" id="kvscope-program">%s</script>
<script data-program="#kvscope-program">%s</script>
</body></html>
`

// Page is an HTML page that shows the run in file and needs nothing else, without the
// parts to be left out.
func Page(p Program, file []byte, hide []string) ([]byte, error) {
	v, err := Read(file)
	if err != nil {
		return nil, err
	}
	parts, err := v.Parts(hide)
	if err != nil {
		return nil, err
	}
	var body strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&body, `<div data-part="%s">%s</div>`, part.Name, part.HTML)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(file) // a Buffer takes everything
	w.Close()
	return fmt.Appendf(nil, document, html.EscapeString(v.title()), strings.Join(hide, ","), StyleSheet(p.Colours), body.String(),
		base64.StdEncoding.EncodeToString(packed.Bytes()), base64.StdEncoding.EncodeToString(p.Code), p.Script), nil
}

// title names the run.
func (v *View) title() string {
	h := v.run.Header
	return h.Model + ", " + h.Method + " at " + number.Budget(h.Budget) + ", " + h.Asked() + " · kvscope"
}
