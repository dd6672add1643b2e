package lesson

import "strings"

// math writes lines of MathML below each other: browsers do not break a line that is too
// long for its place.
func math(lines ...string) string {
	var out strings.Builder
	for _, l := range lines {
		out.WriteString(`<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow>` + l + `</mrow></math>`)
	}
	return out.String()
}

// The formulas are those of the papers that the lessons name.
var (
	softmaxFormula = Formula{
		Words: "The weight of key i for query t is the softmax over i of q t times k i, divided by the square root of the head's size.",
		MathML: math(`<msub><mi>a</mi><mrow><mi>t</mi><mi>i</mi></mrow></msub><mo>=</mo><msub><mi>softmax</mi><mrow><mi>i</mi><mo>≤</mo><mi>t</mi></mrow></msub><mo>(</mo>`+
			`<mfrac><mrow><msub><mi>q</mi><mi>t</mi></msub><mo>·</mo><msub><mi>k</mi><mi>i</mi></msub></mrow><msqrt><mi>d</mi></msqrt></mfrac><mo>)</mo>`,
			`<msub><mi>o</mi><mi>t</mi></msub><mo>=</mo><munder><mo>∑</mo><mi>i</mi></munder><msub><mi>a</mi><mrow><mi>t</mi><mi>i</mi></mrow></msub><msub><mi>v</mi><mi>i</mi></msub>`),
	}
	cacheFormula = Formula{
		Words:  "The bytes of the cache are two, for keys and values, times layers, times heads, times the head's size, times tokens, times the bytes of a number.",
		MathML: math(`<mi>bytes</mi><mo>=</mo><mn>2</mn><mo>·</mo><mi>L</mi><mo>·</mo><mi>H</mi><mo>·</mo><mi>d</mi><mo>·</mo><mi>T</mi><mo>·</mo><mi>b</mi>`),
	}
	questFormula = Formula{
		Words: "The score of block B is the sum over channels c of the larger of q c times m c and q c times M c, where m c is the smallest k c in the block and M c the largest. It is never below q times k of any key in the block.",
		MathML: math(`<msub><mi>s</mi><mi>B</mi></msub><mo>=</mo><munder><mo>∑</mo><mi>c</mi></munder><mi>max</mi><mo>(</mo><msub><mi>q</mi><mi>c</mi></msub><msub><mi>m</mi><mi>c</mi></msub><mo>,</mo><msub><mi>q</mi><mi>c</mi></msub><msub><mi>M</mi><mi>c</mi></msub><mo>)</mo>`,
			`<msub><mi>m</mi><mi>c</mi></msub><mo>=</mo><munder><mi>min</mi><mrow><mi>i</mi><mo>∈</mo><mi>B</mi></mrow></munder><msub><mi>k</mi><mrow><mi>i</mi><mi>c</mi></mrow></msub><mo>,</mo><mspace width="0.6em"/>`+
				`<msub><mi>M</mi><mi>c</mi></msub><mo>=</mo><munder><mi>max</mi><mrow><mi>i</mi><mo>∈</mo><mi>B</mi></mrow></munder><msub><mi>k</mi><mrow><mi>i</mi><mi>c</mi></mrow></msub>`),
	}
	mobaFormula = Formula{
		Words:  "The score of block B is q times the mean of the block's keys.",
		MathML: math(`<msub><mi>s</mi><mi>B</mi></msub><mo>=</mo><mi>q</mi><mo>·</mo><mfrac><mn>1</mn><mrow><mo>|</mo><mi>B</mi><mo>|</mo></mrow></mfrac><munder><mo>∑</mo><mrow><mi>i</mi><mo>∈</mo><mi>B</mi></mrow></munder><msub><mi>k</mi><mi>i</mi></msub>`),
	}
	snapkvFormula = Formula{
		Words: "The votes for token i are the attention weights that the last w queries of the prompt give it, summed and pooled over its neighbours.",
		MathML: math(`<msub><mi>s</mi><mi>i</mi></msub><mo>=</mo><munder><mi>pool</mi><mrow><mi>j</mi><mo>≈</mo><mi>i</mi></mrow></munder><munderover><mo>∑</mo><mrow><mi>t</mi><mo>=</mo><mi>T</mi><mo>−</mo><mi>w</mi><mo>+</mo><mn>1</mn></mrow><mi>T</mi></munderover>` +
			`<msub><mi>a</mi><mrow><mi>t</mi><mi>j</mi></mrow></msub>`),
	}
	memoryFormula = Formula{
		Words: "The key with memory at t is the gate g t times the key with memory before it, plus one minus g t times the key at t; the same for values.",
		MathML: math(`<msub><mover><mi>k</mi><mo>~</mo></mover><mi>t</mi></msub><mo>=</mo><msub><mi>g</mi><mi>t</mi></msub><mo>⊙</mo><msub><mover><mi>k</mi><mo>~</mo></mover><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub><mo>+</mo>` +
			`<mo>(</mo><mn>1</mn><mo>−</mo><msub><mi>g</mi><mi>t</mi></msub><mo>)</mo><mo>⊙</mo><msub><mi>k</mi><mi>t</mi></msub>`),
	}
	kernelFormula = Formula{
		Words:  "Token j's share in the entry at t is one minus g j, times the product of the gates after j up to t.",
		MathML: math(`<mi>w</mi><mo>(</mo><mi>t</mi><mo>,</mo><mi>j</mi><mo>)</mo><mo>=</mo><mo>(</mo><mn>1</mn><mo>−</mo><msub><mi>g</mi><mi>j</mi></msub><mo>)</mo><munderover><mo>∏</mo><mrow><mi>m</mi><mo>=</mo><mi>j</mi><mo>+</mo><mn>1</mn></mrow><mi>t</mi></munderover><msub><mi>g</mi><mi>m</mi></msub>`),
	}
)

// The papers.
var (
	paper    = Source{"Augmenting Attention with Exponentially Decaying Memory Improves Query-Aware KV Sparsity", "https://arxiv.org/abs/2605.28640"}
	ratPaper = Source{"RAT+", "https://arxiv.org/abs/2602.18196"}
	ruler    = Source{"RULER", "https://arxiv.org/abs/2404.06654"}
)
