package trace

// Event is one of *Header, *Selection, *Step, *Done, *Failure. A run is one
// Header, any number of Selections and Steps, then a Done or a Failure.
type Event interface{ event() }

// Sink takes the events of a run in order. An error stops the run. An event and
// its slices belong to the sink once emitted.
type Sink interface{ Emit(Event) error }

// ReadingSink is a Sink that also wants to hear how many tokens of the prompt have been
// read, which is no part of the run. It is told no smaller number than before.
type ReadingSink interface {
	Sink
	Reading(read, prompt int)
}

// Header opens a run: what was asked and what it runs on.
type Header struct {
	Model   string  `json:"model"`
	Arch    string  `json:"arch"`               // "attention", "ratplus", "llama", ...
	Title   string  `json:"title,omitempty"`    // that for people
	Memory  bool    `json:"memory,omitempty"`   // keys and values pass a memory; see HasMemory
	KVHeads int     `json:"kv_heads,omitempty"` // heads of keys and values, which groups of heads share
	Layers  int     `json:"layers"`
	Heads   int     `json:"heads"`
	HeadDim int     `json:"head_dim"`
	Kernels string  `json:"kernels"` // kernel table that ran
	Method  string  `json:"method"`  // "" where only attention maps are known, and nothing was picked
	Phase   string  `json:"phase"`   // "prefill", "decode" or "evict": when the method selects
	Budget  float64 `json:"budget"`
	Block   int     `json:"block"`
	K       int     `json:"k"` // units kept per query (blocks or tokens)

	// Where the method was at work, when it was not from the prompt's last token on: the
	// first query that was restricted, and how many positions an eviction saw.
	SparseFrom *int `json:"sparse_from,omitempty"`
	EvictedAt  *int `json:"evicted_at,omitempty"`

	Task    string `json:"task,omitempty"`
	Seed    uint64 `json:"seed"`
	Context int    `json:"context"`

	Question string `json:"question,omitempty"` // that the prompt ends with, one sentence of it

	Tokens   []Token  `json:"tokens"`           // the prompt
	Pieces   []string `json:"pieces,omitempty"` // its tokens' texts as they stand, blanks included; older files lack them
	Expected []string `json:"expected"`         // the values asked for
	Answer   []Token  `json:"answer"`           // the expected answer, token by token
	Gold     []int    `json:"gold"`             // prompt position each answer token is copied from, or -1
	Needles  []Needle `json:"needles"`
	Note     string   `json:"note,omitempty"` // why nothing is expected of a text: it has no needle for the key

	Rates   string   `json:"rates,omitempty"`   // what the hit rates are by which the method treats heads, "" where it has none
	ID      string   `json:"id,omitempty"`      // of the request, under which more of the run can be asked for
	Ignored []string `json:"ignored,omitempty"` // parameters that were set and that the method has not; beside attention maps, what has no use

	Cut          *Cut          `json:"cut,omitempty"`            // what of an own text did not fit, nil where all did
	Intervention *Intervention `json:"counterfactual,omitempty"` // what is not as trained or as the method decides
}

// Cut is an own text that was shortened to fit: it has so many tokens, the first Kept of
// which are in the prompt.
type Cut struct {
	Tokens int `json:"tokens"`
	Kept   int `json:"kept"`
}

// Intervention describes a counterfactual run: how its memory and its selection were changed
// by hand.
type Intervention struct {
	Strength    float64 `json:"memory_strength"` // of the memory's gates, 1 as trained
	Cap         int     `json:"memory_cap"`      // tokens that the memory reaches back, 0 for all
	SelectWith  string  `json:"select_with"`     // "memory" or "plain": keys that methods select by
	ComputeWith string  `json:"compute_with"`    // "memory" or "plain": keys and values that attention reads
	Force       []int   `json:"force,omitempty"` // blocks that every query read
	Drop        []int   `json:"drop,omitempty"`  // blocks that no query read
}

// Token is a vocabulary entry as the model and a person see it.
type Token struct {
	ID   int32  `json:"id"` // -1 where it is not known
	Text string `json:"text"`
}

// Needle is a planted sentence, as half-open token ranges of the prompt.
type Needle struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Span    [2]int `json:"span"`
	Values  [2]int `json:"value_span"`
	Queried bool   `json:"queried"`
}

// Selection records the candidates that one head of one layer selected for one query, or
// for a run of consecutive prefill queries. A candidate i stands for positions
// [i*Unit, (i+1)*Unit).
type Selection struct {
	Step       int       // answer token being produced, from 0; -1 during prefill
	Layer      int       //
	Head       int       //
	First      int       // position of the first query
	Queries    int       // number of consecutive queries
	Unit       int       // positions per candidate: the block size, or 1
	Candidates int       // candidates per query, the same for all of them
	Picked     []byte    // [Queries, ceil(Candidates/8)], candidate i is bit i%8 of byte i/8
	Scores     []float32 // [Candidates], the method's scores; empty when it has none or Queries > 1
	Mass       []float32 // [Candidates], share of the dense attention of this query; empty when Queries > 1
}

// Step is one generated token.
type Step struct {
	Step     int           `json:"step"`
	Position int           `json:"position"` // of the query that produced it
	Token    Token         `json:"token"`
	Prob     float32       `json:"prob"`
	Correct  bool          `json:"correct"` // equals the expected answer token of this step
	Top      []Alternative `json:"top"`     // most likely tokens, best first
	Want     *Want         `json:"want,omitempty"`
	MS       float64       `json:"ms"`
}

// Want is how the expected token of a step fared.
type Want struct {
	Prob  float32 `json:"prob"`
	Logit float32 `json:"logit"`
	Rank  int     `json:"rank"` // tokens more likely than it
}

// Alternative is a token the model considered.
type Alternative struct {
	Token Token   `json:"token"`
	Prob  float32 `json:"prob"`
	Logit float32 `json:"logit"`
}

// Done closes a run that finished.
type Done struct {
	Answer       string  `json:"answer"`
	Score        float64 `json:"score"`
	ReadFraction float64 `json:"kv_read_fraction"` // entries read by selecting queries / entries present
	PrefillMS    float64 `json:"prefill_ms"`
	DecodeMS     float64 `json:"decode_ms_per_token"`

	LogLik *float64 `json:"loglik,omitempty"` // of the tokens generated, the sum of ln p; nil where none were, and in older files

	// ExpectedLogLik is ln p of the expected answer, its tokens' summed, each after those
	// expected before it with the method at work; nil where nothing is expected. Perplexity
	// is exp of the mean of −ln p over a free prompt's tokens but the first, as they were
	// read; nil of other prompts. Older files have neither.
	ExpectedLogLik *float64 `json:"expected_loglik,omitempty"`
	Perplexity     *float64 `json:"perplexity,omitempty"`

	Hits []Hit `json:"heads"`

	// Compressed is the cache that the question was asked of, where entries were evicted
	// before it; nil elsewhere, and in older files.
	Compressed *Compressed `json:"compressed,omitempty"`

	// LightFrom is the first step whose selections have neither scores nor attention, since
	// together they would be too many; nil where all have theirs.
	LightFrom *int `json:"light_from,omitempty"`

	// Time that selecting and attending took all heads for the last query, and what
	// dense attention over the same caches took, in milliseconds; 0 when not measured.
	SparseMS float64 `json:"attention_ms,omitempty"`
	DenseMS  float64 `json:"dense_attention_ms,omitempty"`
}

// Compressed is a cache of a context of which entries have been evicted, before any question.
type Compressed struct {
	Tokens int   `json:"tokens"` // of the context, positions 0 to Tokens-1
	Kept   []int `json:"kept"`   // entries that are left of each head, layer by layer, [L·H]

	// Hash is of the positions that are left of every head, and their keys and values: caches
	// with the same hash are the same cache.
	Hash string `json:"hash"`

	// Shared says that another run had made it, and this one took it over.
	Shared bool `json:"shared"`
}

// Hit measures the selections of one head over the answer steps.
type Hit struct {
	Layer  int     `json:"layer"`
	Head   int     `json:"head"`
	Hit    bool    `json:"hit"`    // the gold position was selected at every answer step that has one
	Recall float64 `json:"recall"` // mean share of the truly heaviest candidates that were selected
	Mass   float64 `json:"mass"`   // mean dense attention mass that the selection kept

	// Density is the share of the entries present that the head read, over the answer steps,
	// OutputError the mean of ‖o − o_dense‖₂/‖o_dense‖₂ over them, o_dense being the output of
	// dense attention of the same query over the same cache. Nil where not known.
	Density     *float64 `json:"density,omitempty"`
	OutputError *float64 `json:"output_error,omitempty"`

	// Attention is where the dense attention of the answer's queries falls, and Kind what the
	// head is by it, see package figures; nil and "" where not known.
	Attention *Shares `json:"attention,omitempty"`
	Kind      string  `json:"kind,omitempty"`

	// MemoryLength is how many tokens back from the prompt's last one hold 90% of the
	// memory kernel, averaged over the head's channels; 0 for a model without memory.
	MemoryLength int `json:"memory_length,omitempty"`
}

// Shares are the mean shares of a head's dense attention that fall on what figures.Attention
// counts, each 0 to 1.
type Shares struct {
	Retrieval float64 `json:"retrieval"` // the position that the token is copied from, over the steps that have one
	Sink      float64 `json:"sink"`      // the first positions
	Local     float64 `json:"local"`     // the newest
	Vertical  float64 `json:"vertical"`  // a few others, the same for all queries
	Slash     float64 `json:"slash"`     // a few distances before the query
	Block     float64 `json:"block"`     // the best block of each query
}

// Failure closes a run that did not finish.
type Failure struct {
	Field   string `json:"field,omitempty"` // the offending input, when one is to blame
	Message string `json:"message"`
}

func (*Header) event()    {}
func (*Selection) event() {}
func (*Step) event()      {}
func (*Done) event()      {}
func (*Failure) event()   {}

// untitled are the architectures of files from before the fields Title and Memory.
var untitled = map[string]Header{"attention": {Title: "Attention"}, "ratplus": {Title: "RAT+", Memory: true}}

// Group is how many heads of queries share one of keys and values, H/Hkv.
func (h *Header) Group() int {
	if h.KVHeads < 1 || h.Heads%h.KVHeads != 0 {
		return 1 // of files that do not say
	}
	return h.Heads / h.KVHeads
}

// ByQuery reports whether the method selects for queries of the prompt.
func (h *Header) ByQuery() bool { return h.Phase == "prefill" }

// HasMemory reports whether keys and values of the run's model pass a memory.
func (h *Header) HasMemory() bool { return h.Memory || untitled[h.Arch].Memory }

// ArchTitle is Arch for people, "" where it is not known.
func (h *Header) ArchTitle() string {
	if h.Title != "" {
		return h.Title
	}
	return untitled[h.Arch].Title
}
