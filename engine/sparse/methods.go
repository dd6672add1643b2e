package sparse

import (
	"slices"
	"sync"
)

// What a method's candidates are.
const (
	UnitBlock = "block"
	UnitToken = "token"
)

// When a method selects: for every query of the prefill (the decode is dense), for
// every decoded query (the prefill is dense), or once between the two.
const (
	PhasePrefill = "prefill"
	PhaseDecode  = "decode"
	PhaseEvict   = "evict"
)

// Families of methods, as a list of them is grouped.
const (
	FamilyDense    = "full attention"
	FamilyBlocks   = "block selection"
	FamilyTokens   = "token selection"
	FamilyEviction = "eviction"
	FamilyPattern  = "fixed pattern"
	FamilyOracle   = "oracle"
)

// What a method scores its candidates by.
const (
	ScoresNone      = "none"      // a pattern of positions: no key is read to choose
	ScoresKeys      = "keys"      // the query against keys or their summaries
	ScoresAttention = "attention" // attention weights
)

// Summaries are the parts of a block's keys that a cache keeps beside them, because a
// method asks for them.
type Summaries struct {
	Bounds bool // per-channel minimum and maximum
	Mean   bool // the sum, of which the mean is made

	Rounded bool // every key rounded to 4 bits; see Twilight
}

// Info is a method's entry in the list of methods: all that a form, a help text, a
// file's metadata or a sweep needs to know of it, and how it is made.
type Info struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Family string  `json:"family"`
	Unit   string  `json:"unit"`   // UnitBlock or UnitToken
	Phase  string  `json:"phase"`  // PhasePrefill, PhaseDecode or PhaseEvict
	Scores string  `json:"scores"` // ScoresNone, ScoresKeys or ScoresAttention
	Random bool    `json:"random"` // whether Config.Selector may be "random"
	Help   string  `json:"help"`
	Paper  string  `json:"paper"`
	Params []Param `json:"params"`

	// Alone says why each of its heads has a choice of its own, whatever whose_budget says;
	// "" where that is a parameter, or where all read the same by what it is.
	Alone string `json:"-"`

	// Summaries are the summaries of blocks that its selector reads, beside the keys.
	Summaries Summaries `json:"-"`

	// plan makes the method: the selector or the evictor, and K. What else a Plan
	// holds, New fills in.
	plan func(Settings) (Plan, error)
}

// Methods lists every method, in the order to offer them. What it holds is everybody's and
// must not be changed.
func Methods() []Info { return slices.Clone(methods()) }

// methods is made once: a page asks for entries hundreds of times while it is drawn.
var methods = sync.OnceValue(func() []Info {
	all := []Info{
		denseMethod(),
		questMethod(),
		mobaMethod(),
		xAttentionMethod(),
		snapKVMethod(),
		pyramidKVMethod(),
		adaKVMethod(),
		rocketKVMethod(),
		h2oMethod(),
		h2oDecodeMethod(),
		tovaMethod(),
		knormMethod(),
		keyDiffMethod(),
		expectedAttentionMethod(),
		twilightMethod(),
		verticalSlashMethod(),
		indexerMethod(),
		dilatedMethod(),
		streamingMethod(),
		duoAttentionMethod(),
		oracleBlockMethod(),
		oracleTokenMethod(),
	}
	for i, m := range all {
		all[i] = m.switched()
	}
	return all
})

// Method is the entry of the method with that ID.
func Method(id string) (Info, bool) {
	all := methods()
	if i := slices.IndexFunc(all, func(m Info) bool { return m.ID == id }); i >= 0 {
		return all[i], true
	}
	return Info{}, false
}

// Title is the name of a method for people, its ID where it is not known.
func Title(id string) string {
	if info, ok := Method(id); ok {
		return info.Name
	}
	return id
}

// ofCaches are the parameters that every cache has, whether a method uses them or not.
var ofCaches = sync.OnceValue(func() []Param { return []Param{blockParam()} })

// Settable lists what can be set for the method: its parameters, and those that every
// cache has.
func (m Info) Settable() []Param {
	out := slices.Clip(m.Params)
	for _, p := range ofCaches() {
		if _, own := find(m.Params, p.Name); !own {
			out = append(out, p)
		}
	}
	return out
}

// Param is the parameter of that name among those that can be set for the method.
func (m Info) Param(name string) (Param, bool) {
	if p, own := find(m.Params, name); own {
		return p, true
	}
	return find(ofCaches(), name)
}

// ReadsKeys reports whether the method looks at keys to choose: where it does not,
// other keys make no difference to its picks.
func (m Info) ReadsKeys() bool { return m.Scores != ScoresNone }

func find(params []Param, name string) (Param, bool) {
	for _, p := range params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// Shared is a parameter as one or more methods have it.
type Shared struct {
	Param          // of the first, with the choices that any of them has
	Methods []Info // with their own default, range and help under Param.Name
}

// Params lists the parameters of all methods; see ParamsOf.
func Params() []Shared { return slices.Clone(params()) }

var params = sync.OnceValue(func() []Shared { return ParamsOf(methods()) })

// ParamsOf lists the parameters of some methods, each name once, in the order of the
// methods. A name means the same kind of value wherever it occurs.
func ParamsOf(methods []Info) []Shared {
	var out []Shared
	for _, m := range methods {
		for _, p := range m.Params {
			i := slices.IndexFunc(out, func(s Shared) bool { return s.Name == p.Name })
			if i < 0 {
				i = len(out)
				out = append(out, Shared{Param: p})
			}
			out[i].Methods = append(out[i].Methods, m)
			for _, c := range p.Choices {
				if !slices.Contains(out[i].Choices, c) {
					out[i].Choices = append(slices.Clip(out[i].Choices), c)
				}
			}
		}
	}
	return out
}

// Extents lists the parameters that decide how much is picked and change no score:
// scores of a run serve another that differs in them alone.
func Extents() []string {
	var out []string
	for _, p := range params() {
		if p.Extent {
			out = append(out, p.Name)
		}
	}
	return out
}

// kindOf is the kind of the parameter of that name, "" when no method has it.
func kindOf(name string) string {
	for _, p := range params() {
		if p.Name == name {
			return p.Kind
		}
	}
	return ""
}
