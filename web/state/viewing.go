package state

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"kvscope/engine/lens"
	"kvscope/web/client"
	"kvscope/web/picture"
)

// Show chooses the view below the heads. A view of one head locks one when none is.
type Show struct{ View string }

func (a Show) apply(s *Snapshot) []Effect {
	s.view(a.View)
	if s.Viewed().Needs != NeedsNothing && s.Head == nil {
		s.Head = s.bestHead()
	}
	return nil
}

// bestHead is a head worth a look: of those that found the answer most often the one
// whose picks kept most, nil before there is any.
func (s *Snapshot) bestHead() *picture.Head {
	var best *picture.Head
	var most float32 = -1
	for _, c := range s.Columns {
		r := c.Run()
		if r == nil || r.Header == nil {
			continue
		}
		grid := r.HeadGrid()
		for l := range grid.Layers {
			for h := range grid.Heads {
				head := picture.Head{Layer: l, Head: h}
				cell := grid.At(head)
				if v := 2*cell.Value(picture.Hit) + cell.Value(picture.Mass); v > most {
					best, most = &head, v
				}
			}
		}
	}
	return best
}

// askHeads asks for what the view shows of the locked head and is not there yet.
func (s *Snapshot) askHeads() []Effect {
	if s.Head == nil || s.Viewed().Needs != NeedsStates {
		return nil
	}
	var out []Effect
	for side := range s.Columns {
		c := &s.Columns[side]
		f, over := c.Status.(Finished)
		if !over {
			continue
		}
		if _, asked := f.HeadData[*s.Head]; asked || s.Head.Layer >= f.Run.Header.Layers || s.Head.Head >= f.Run.Header.Heads {
			continue
		}
		look := AskHead{Side: side, Gen: f.Gen, Head: *s.Head}
		switch of := f.Of.(type) {
		case File:
			if of.Heads == nil {
				c.setHeadData(*s.Head, HeadData{Phase: Failed, Problem: "The file holds no queries and keys."})
				continue
			}
			look.Heads = of.Heads
		case Asked:
			look.Request = of.Request
		}
		c.setHeadData(*s.Head, HeadData{Phase: Loading})
		out = append(out, look)
	}
	return out
}

// mostHeadData is how many bytes of heads a column keeps, and the one that is looked at however
// large it is.
const mostHeadData = 256 << 20

// drop lets all heads but the one that is looked at go once they are too many.
func (c *Column) drop(looked *picture.Head) {
	f, over := c.Status.(Finished)
	if !over {
		return
	}
	bytes := 0
	for _, data := range f.HeadData {
		if data.Head != nil {
			bytes += data.Head.Bytes()
		}
	}
	if bytes <= mostHeadData {
		return
	}
	f.HeadData = maps.Clone(f.HeadData)
	maps.DeleteFunc(f.HeadData, func(head picture.Head, _ HeadData) bool { return looked == nil || head != *looked })
	c.Status = f
}

// HeadArrived hands in what a head saw.
type HeadArrived struct {
	Side, Gen int
	At        picture.Head
	Head      *lens.HeadTensors
	Err       error
}

func (a HeadArrived) apply(s *Snapshot) []Effect {
	c := &s.Columns[a.Side]
	if c.Gen() != a.Gen {
		return nil
	}
	data := HeadData{Phase: Done, Head: a.Head}
	if a.Err != nil {
		data = HeadData{Phase: Failed, Problem: a.Err.Error()}
		if client.IsLost(a.Err) {
			data.Problem = "The engine does not answer; choose the head again once it does."
		}
	}
	c.setHeadData(a.At, data)
	c.drop(s.Head)
	return nil
}

// Forget lets a look that failed be asked for again.
type Forget struct{}

func (Forget) apply(s *Snapshot) []Effect {
	for side := range s.Columns {
		c := &s.Columns[side]
		if f, over := c.Status.(Finished); over {
			f.HeadData = maps.Clone(f.HeadData)
			maps.DeleteFunc(f.HeadData, func(_ picture.Head, data HeadData) bool { return data.Phase == Failed })
			c.Status = f
		}
	}
	return nil
}

// Toggle switches something of the place on or off: ranked, zoomed, compare, wide, present,
// or a flag of a view.
type Toggle struct{ Name string }

func (a Toggle) apply(s *Snapshot) []Effect {
	for _, f := range s.flags() {
		if f.name == a.Name {
			*f.at = !*f.at
			return nil
		}
	}
	if s.Option(a.Name) == "" {
		return SetOption{a.Name, "1"}.apply(s)
	}
	return SetOption{Name: a.Name}.apply(s)
}

// PlayAt chooses the speed of playing.
type PlayAt struct{ Speed Speed }

func (a PlayAt) apply(s *Snapshot) []Effect {
	s.Speed = a.Speed
	return nil
}

// Edit forces the block that is held, or drops it; what was done to it before is
// undone. It runs what comes of it.
type Edit struct {
	Field string // "force" or "drop"
	Block int
}

func (a Edit) apply(s *Snapshot) []Effect {
	if a.Block < 0 {
		return nil
	}
	name := strconv.Itoa(a.Block)
	for _, field := range []string{"force", "drop"} {
		list := blocksIn(s.Draft.Get(field))
		was := slices.Contains(list, name)
		list = slices.DeleteFunc(list, func(w string) bool { return w == name })
		if field == a.Field && !was {
			list = append(list, name)
		}
		s.Draft = s.Draft.With(field, strings.Join(list, ","))
	}
	return s.submitInPlace()
}

// blocksIn lists the blocks that are typed into a field, with commas or blanks between them.
func blocksIn(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// Edited reports whether the form forces a block, or drops it.
func (f Form) Edited(field string, block int) bool {
	return slices.Contains(blocksIn(f.Get(field)), strconv.Itoa(block))
}

// submitInPlace runs the draft for what is looked at, which stays.
func (s *Snapshot) submitInPlace() []Effect {
	line, pin, token := s.Line, s.PinnedBlock, s.Token
	effects := Submit{}.start(s, true)
	if len(s.Problems) == 0 && s.Form.Equal(s.Draft) {
		s.Line, s.PinnedBlock, s.Token = line, pin, token
		for i, e := range effects {
			if _, links := e.(Link); links {
				effects[i] = Link{Query: s.Query(), Push: true}
			}
		}
	}
	return effects
}

// Export is a picture or file that can be saved of a column, and its format.
type Export struct {
	Picture string // grid, heads, view or run
	Format  string // png, svg, csv or safetensors
	Scale   int    // pixels of a png to one of the drawing
}

// OnWhite lets pictures be saved in the colours for the day, on white, whatever those of
// the page are; or as the page is again.
type OnWhite struct{}

func (OnWhite) apply(s *Snapshot) []Effect {
	s.White = !s.White
	return nil
}

// SavesDark reports whether pictures are saved in the colours for the dark.
func (s *Snapshot) SavesDark() bool { return s.IsDark() && !s.White }

// Download saves something of a column.
type Download struct {
	Side int
	What Export
}

func (a Download) apply(*Snapshot) []Effect { return []Effect{Save(a)} }

// Keep puts the run of a column among the traces.
type Keep struct{ Side int }

func (a Keep) apply(*Snapshot) []Effect { return []Effect{KeepRun(a)} }

// Share copies the link to what is on the screen.
type Share struct{}

func (Share) apply(s *Snapshot) []Effect { return []Effect{CopyLink{Note: s.linkNote()}} }

// AsCommand copies the command that repeats the run of a column.
type AsCommand struct{ Side int }

func (a AsCommand) apply(s *Snapshot) []Effect {
	req := s.Columns[a.Side].Request()
	if req.Model == "" {
		s.say("This column shows a file, which no command computes.")
		return nil
	}
	return []Effect{CopyCommand{req}}
}
