package niah

import (
	"fmt"
	"strings"
)

// Kind is the form of a key or a value.
type Kind string

// The kinds of keys and values.
const (
	Words  Kind = "words"   // adjective-noun; keys only
	Number Kind = "numbers" // seven digits; values only
	UUID   Kind = "uuids"   // a version 4 UUID
)

// Haystack is the kind of text around the needles.
type Haystack string

// The haystacks.
const (
	Noise   Haystack = "noise"   // five fixed sentences, over and over
	Prose   Haystack = "prose"   // sentences drawn from a grammar, or of a Book
	Needles Haystack = "needles" // needles with other keys
	Own     Haystack = "own"     // Options.Text, or invented text
)

// Task describes one needle task. Its eight standard settings are listed by Tasks;
// others are made by changing a copy.
type Task struct {
	ID       string // short name, such as "MK-1"
	RULER    string // the name RULER gives it
	Haystack Haystack
	Key      Kind // Words or UUID
	Value    Kind // Number or UUID
	Keys     int  // keys in the text, apart from those of a Needles haystack
	Values   int  // values of each key
	Queries  int  // keys asked for, at most Keys
}

// Tasks lists the eight standard tasks in the order of the paper's tables.
func Tasks() []Task {
	return []Task{
		{"S-1", "niah_single_1", Noise, Words, Number, 1, 1, 1},
		{"S-2", "niah_single_2", Prose, Words, Number, 1, 1, 1},
		{"S-3", "niah_single_3", Prose, Words, UUID, 1, 1, 1},
		{"MK-1", "niah_multikey_1", Prose, Words, Number, 4, 1, 1},
		{"MK-2", "niah_multikey_2", Needles, Words, Number, 1, 1, 1},
		{"MK-3", "niah_multikey_3", Needles, UUID, UUID, 1, 1, 1},
		{"MV", "niah_multivalue", Prose, Words, Number, 1, 4, 1},
		{"MQ", "niah_multiquery", Prose, Words, Number, 4, 1, 4},
	}
}

// OwnID is the ID of OwnTask.
const OwnID = "own"

// OwnTask is the task of needles that users type in: any key of one to three words, known
// to the vocabulary or invented, any value, anywhere in any text.
func OwnTask() Task {
	return Task{ID: OwnID, Haystack: Own, Key: Words, Value: Number, Keys: 1, Values: 1, Queries: 1}
}

// ByID finds a standard task by its ID or its RULER name, or OwnTask, in any
// letter case.
func ByID(id string) (Task, error) {
	if strings.EqualFold(id, OwnID) {
		return OwnTask(), nil
	}
	var allowed []string
	for _, t := range Tasks() {
		if strings.EqualFold(id, t.ID) || strings.EqualFold(id, t.RULER) {
			return t, nil
		}
		allowed = append(allowed, t.ID)
	}
	return Task{}, fmt.Errorf("task %q: allowed are %s, own, or RULER's names such as niah_single_1", id, strings.Join(allowed, ", "))
}

// maxNeedles bounds the needles a task asks for by itself.
const maxNeedles = 1024

func (t Task) validate() error {
	switch {
	case t.Haystack == Own:
		return nil
	case t.Haystack != Noise && t.Haystack != Prose && t.Haystack != Needles:
		return fmt.Errorf("haystack %q: allowed are %s, %s, %s", t.Haystack, Noise, Prose, Needles)
	case t.Key != Words && t.Key != UUID:
		return fmt.Errorf("key %q: allowed are %s, %s", t.Key, Words, UUID)
	case t.Value != Number && t.Value != UUID:
		return fmt.Errorf("value %q: allowed are %s, %s", t.Value, Number, UUID)
	case t.Keys < 1 || t.Keys > maxNeedles:
		return fmt.Errorf("keys %d: allowed are 1 to %d", t.Keys, maxNeedles)
	case t.Values < 1 || t.Keys*t.Values > maxNeedles:
		return fmt.Errorf("values %d: allowed are 1 to %d for %d keys", t.Values, maxNeedles/t.Keys, t.Keys)
	case t.Queries < 1 || t.Queries > t.Keys:
		return fmt.Errorf("queries %d: allowed are 1 to keys, %d", t.Queries, t.Keys)
	}
	return nil
}

// single says whether one value is asked for, which puts the prompt in the singular.
func (t Task) single() bool { return t.Queries*t.Values == 1 }
