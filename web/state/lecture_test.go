package state

import (
	"strings"
	"testing"

	"kvscope/web/lesson"
)

// taught is a snapshot with the models known, at a step.
func taught(t *testing.T, at lesson.At) Snapshot {
	t.Helper()
	s, _ := New(FirstPlace(), nil).Do(twoModels)
	s, _ = s.Do(Teach{at})
	return s
}

func TestPredictionsComeBeforeTheirPicture(t *testing.T) {
	at := lesson.At{Lesson: "quest", Step: 2}
	_, step, _ := at.Find()
	s := taught(t, at)
	if s.Form.Equal(ParseQuery(step.Query).Form) {
		t.Error("the picture is shown before the prediction")
	}
	if !s.Form.Equal(ParseQuery(at.Before()).Form) {
		t.Error("the step before is not on the screen")
	}
	s, effects := s.Do(Predict{0})
	if !s.Form.Equal(ParseQuery(step.Query).Form) {
		t.Error("the picture is not shown after the prediction")
	}
	kept := false
	for _, e := range effects {
		if k, ok := e.(KeepProgress); ok {
			kept = k.Progress.Prediction(at) == 0 && k.At == at
		}
	}
	if !kept {
		t.Errorf("the prediction is not kept: %v", effects)
	}
	if again, _ := s.Do(Predict{1}); again.Progress.Prediction(at) != 0 {
		t.Error("a prediction was taken back")
	}
	// Who comes again sees the picture.
	back, _ := s.Do(Turn{-1})
	back, _ = back.Do(Turn{1})
	if !back.Form.Equal(ParseQuery(step.Query).Form) {
		t.Error("a prediction that was made is asked for again")
	}
}

func TestLecturesInAddresses(t *testing.T) {
	at := lesson.At{Lesson: "moba", Step: 1}
	s := taught(t, at)
	query := s.Query()
	if !strings.Contains(query, "lesson=moba.2") {
		t.Errorf("the address is %q", query)
	}
	if got := ParseQuery(query); got.Lesson != at {
		t.Errorf("it is read as %v", got.Lesson)
	}
	s, effects := s.Do(LeaveLecture{})
	if strings.Contains(s.Query(), "lesson") || s.Form.Method != "moba" {
		t.Error("leaving keeps the picture and drops the lesson")
	}
	if len(effects) != 1 {
		t.Errorf("effects %v, want the address alone", effects)
	}
	if s.Press("n", false) != nil {
		t.Error("outside the lecture its keys do something")
	}
	if ParseQuery("lesson=nothing.4").Lesson != (lesson.At{}) {
		t.Error("a step that is none is taken")
	}
}

func TestTheWindowStaysAsItIsArranged(t *testing.T) {
	s := taught(t, lesson.At{Lesson: "quest"})
	s, _ = s.Do(Toggle{"present"})
	s, _ = s.Do(Turn{1})
	if !s.Present {
		t.Error("the next step ends the presentation")
	}
}

// kept is what of the lecture the browser is told to keep.
func kept(effects []Effect) (out []KeepProgress) {
	for _, e := range effects {
		if k, ok := e.(KeepProgress); ok {
			out = append(out, k)
		}
	}
	return out
}

// TestALinkToAStepCounts: a step that an address shows is seen, and the notes hear of it, on the
// way back too.
func TestALinkToAStepCounts(t *testing.T) {
	first := lesson.At{Lesson: "quest"}
	s, _ := New(FirstPlace(), nil).Do(twoModels)
	address := Progress{}.Query(first) + "&lesson=" + first.String()
	s, effects := s.Do(Restore{ParseQuery(address)})
	if k := kept(effects); len(k) != 1 || k[0].At != first || !k[0].Progress.Seen["quest.1"] {
		t.Errorf("kept is %+v", k)
	}
	s, effects = s.Do(Turn{1})
	if k := kept(effects); len(k) != 1 || len(k[0].Progress.Seen) != 2 {
		t.Errorf("after the next step %+v is kept", k)
	}
	if _, effects = s.Do(Restore{ParseQuery(address)}); len(kept(effects)) != 1 || kept(effects)[0].At != first {
		t.Errorf("on the way back %+v is kept", kept(effects))
	}
	if _, effects = s.Do(Restore{ParseQuery("task=MK-1")}); len(kept(effects)) != 0 {
		t.Errorf("outside the lecture %+v is kept", kept(effects))
	}
}

// TestTheAddressOfAStep: who goes on at a step whose question is answered sees its picture.
func TestTheAddressOfAStep(t *testing.T) {
	at := lesson.At{Lesson: "quest", Step: 2}
	_, step, _ := at.Find()
	if got := (Progress{}).Query(at); got != at.Before() {
		t.Errorf("before the prediction it shows %q", got)
	}
	if got := (Progress{}).choose(at, 1).Query(at); got != step.Query || got == at.Before() {
		t.Errorf("after the prediction it shows %q", got)
	}
}
