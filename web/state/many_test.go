package state

import (
	"errors"
	"testing"

	"kvscope/engine/seeds"
)

func TestManySeedsFollowTheColumns(t *testing.T) {
	s, _ := New(FirstPlace(), nil).Do(twoModels)
	s, effects := s.Do(Repeat{})
	var asked RepeatSeeds
	for _, e := range effects {
		if r, ok := e.(RepeatSeeds); ok {
			asked = r
		}
	}
	if len(asked.Requests) != 2 || asked.N != ManySeeds || asked.First != 1 || s.Many.Phase != Loading {
		t.Fatalf("asked for %+v", asked)
	}
	row := seeds.Row{Seed: 1, Answers: make([]seeds.Answer, 2)}
	s, _ = s.Do(SeedArrived{asked.Gen - 1, row})
	if len(s.Many.Rows) != 0 {
		t.Error("a row of another time is taken")
	}
	s, _ = s.Do(SeedArrived{asked.Gen, row})
	s, _ = s.Do(SeedsEnded{asked.Gen, errors.New("gone")})
	if len(s.Many.Rows) != 1 || s.Many.Phase != Failed || s.Many.Problem != "gone" {
		t.Errorf("%+v", s.Many)
	}
	// Another seed of the same is one of the examples, another budget is something else.
	s, _ = s.Do(GoToSeed{"7"})
	if s.Form.Seed != "7" || len(s.Many.Rows) != 1 {
		t.Errorf("seed %q, %d rows", s.Form.Seed, len(s.Many.Rows))
	}
	s, _ = s.Do(Set{"budget", "1/4"})
	s, _ = s.Do(Submit{})
	if s.Many.Phase != "" {
		t.Error("the examples of another budget stay")
	}
}

func TestWhatIsClosedStops(t *testing.T) {
	s, _ := New(FirstPlace(), nil).Do(twoModels)
	s, _ = s.Do(Repeat{})
	gen := s.Many.Gen
	s, effects := s.Do(CloseSeeds{})
	if len(effects) != 1 || effects[0] != (CancelSeeds{gen}) || s.Many.Phase != "" {
		t.Errorf("effects %v", effects)
	}
}

func TestOwnTextHasNoSeeds(t *testing.T) {
	s, _ := New(ParseQuery("source=text&text=The+mill.&key=brave-otter&value=1"), nil).Do(twoModels)
	if s.CanRepeat() {
		t.Error("own text is repeated")
	}
}
