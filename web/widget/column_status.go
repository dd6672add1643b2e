package widget

import (
	"fmt"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/viz/number"
	"kvscope/web/api"
	"kvscope/web/state"
)

// Progress is how much of the run is done, below 0 when that cannot be told.
func (v *ColumnView) Progress() float64 {
	switch {
	case v.Phase == state.Done:
		return 1
	case v.Phase == state.Loading && v.Waits.Kind == api.Weights:
		return v.waited()
	case v.Phase != state.Loading, v.Stale, v.Preview, v.Run == nil, v.Run.Header == nil, len(v.Run.Header.Answer) == 0:
		return -1
	}
	if len(v.Run.Steps) == 0 && v.Run.LineCount() == 0 {
		return v.waited()
	}
	return min(float64(len(v.Run.Steps))/float64(len(v.Run.Header.Answer)), 1)
}

// waited is how much there is of what the run waits for, below 0 when that cannot be told.
func (v *ColumnView) waited() float64 {
	if v.Waits.Of == 0 {
		return -1
	}
	return min(float64(v.Waits.Done)/float64(v.Waits.Of), 1)
}

// downloaded says how much of a download is there.
func downloaded(p api.RunProgress) string {
	return number.Bytes(p.Done) + " of " + number.Bytes(p.Of)
}

// left says about how long the rest takes, where it is long enough to wait for.
func left(p api.RunProgress) string {
	if p.LeftMS < 2000 {
		return ""
	}
	return ", about " + number.Wait(float64(p.LeftMS)/1000) + " left"
}

// Status says in words where the column stands.
func (v *ColumnView) Status() string {
	switch v.Phase {
	case state.Loading:
		switch {
		case v.Preview:
			return "preview from the scores of the last run; decoding again…"
		case v.Waits.Kind == api.Weights && v.Waits.Done < v.Waits.Of:
			return "fetching the model, " + downloaded(v.Waits)
		case v.Stale || v.Run == nil || v.Run.Header == nil:
			return "waiting for its turn"
		case v.Run.LineCount() == 0 && v.Waits.Kind == api.Prompt:
			return fmt.Sprintf("reading, %s of %s tokens", number.Count(v.Waits.Done), number.Count(v.Waits.Of)) + left(v.Waits)
		case v.Run.LineCount() == 0:
			return fmt.Sprintf("reading %s tokens", number.Count(len(v.Run.Header.Tokens)))
		}
		if len(v.Run.Header.Answer) == 0 {
			return fmt.Sprintf("answering, token %d", len(v.Run.Steps)+1)
		}
		return fmt.Sprintf("answering, token %d of about %d", len(v.Run.Steps)+1, len(v.Run.Header.Answer))
	case state.Failed:
		return "failed"
	case state.Done:
		d := v.Run.Done
		if d == nil {
			return "stopped" // before it was saved
		}
		if d.LightFrom != nil {
			return fmt.Sprintf("prompt %s, %s a token; scores and attention up to step %d, of the others they are too many to keep",
				number.Milliseconds(d.PrefillMS), number.Milliseconds(d.DecodeMS), *d.LightFrom-1)
		}
		took := fmt.Sprintf("prompt %s, %s a token", number.Milliseconds(d.PrefillMS), number.Milliseconds(d.DecodeMS))
		if v.Recorded {
			return "recorded; Run computes it here: " + took
		}
		return took
	}
	if v.Stopped {
		return "stopped"
	}
	return "idle"
}

// Intervention says in words what of the run is not as the model was trained or the
// method decides, "" when nothing is.
func (v *ColumnView) Intervention() string {
	if v.Run == nil || v.Run.Header == nil || v.Run.Header.Intervention == nil {
		return ""
	}
	c := v.Run.Header.Intervention
	var parts []string
	if c.Strength != 1 {
		parts = append(parts, "memory at "+number.Percent(c.Strength))
	}
	if c.Cap > 0 {
		parts = append(parts, "memory of "+number.Of(c.Cap, "token"))
	}
	if c.SelectWith == "plain" || c.ComputeWith == "plain" {
		selects := map[string]string{"plain": "K", "memory": "K̃"}[c.SelectWith]
		computes := map[string]string{"plain": "(K, V)", "memory": "(K̃, Ṽ)"}[c.ComputeWith]
		parts = append(parts, "selects with "+selects+", computes with "+computes)
	}
	if len(c.Force) > 0 {
		parts = append(parts, "forced "+numbers(c.Force))
	}
	if len(c.Drop) > 0 {
		parts = append(parts, "dropped "+numbers(c.Drop))
	}
	return strings.Join(parts, " · ")
}

// scored says what the answer of a run that is done is worth, and its class, "" before.
func (v *ColumnView) scored() (class, text string) {
	if v.Phase != state.Done || v.Run == nil || v.Run.Done == nil || v.Run.Header.Arch == run.ArchCapture {
		return "", ""
	}
	d := v.Run.Done
	switch {
	case len(v.Run.Header.Expected) == 0 && d.LogLik != nil:
		return "free", "ln p " + number.LogLik(*d.LogLik)
	case len(v.Run.Header.Expected) == 0:
		return "free", "nothing expected"
	case d.Score >= state.Right:
		return "right", "✓ right"
	case d.Score == 0:
		return "wrong", "✗ wrong"
	}
	return "part", number.Percent(d.Score) + " right"
}

// Outcome says to those who hear the page what the columns answered, once they all have.
func Outcome(views []*ColumnView) app.UI {
	var parts []string
	for _, v := range views {
		_, text := v.scored()
		if text == "" {
			parts = nil
			break
		}
		said := strings.Trim(v.Name+", "+v.How, ", ") + ": " + strings.TrimLeft(text, "✓✗ ")
		if want := v.Run.Header.Expected; len(want) > 0 {
			said += ", expected " + strings.Join(want, ", ")
		}
		if v.Verdict != "" {
			said += "; " + v.Verdict
		}
		parts = append(parts, said+".")
	}
	return app.P().Class("unseen").Attr("role", "status").DataSet("testid", "outcome").Text(strings.Join(parts, " "))
}
