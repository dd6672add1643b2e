"""Makes the files beside this script: small tokenizer.json of the kinds that public models use, with texts and the ids
that Hugging Face's tokenizers gives them.

    pip install tokenizers==0.23 && python make.py OUT SEED CORPUS.txt && gzip OUT/*.json

CORPUS is any English text, on whose lines they are trained and from which texts are drawn. OUT/cases.json is
{"texts": [...], NAME: [[ids]...], NAME + "_text": [decoded, special tokens kept]}.
"""
import json, os, random, sys
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
out, seed, corpus = sys.argv[1], int(sys.argv[2]), sys.argv[3]; os.makedirs(out, exist_ok=True)
lines = open(corpus, encoding='utf-8', errors='replace').read().split('\n')[:6000]
lines += ["Größe naïve café 東京タワー не знаю 🎉🎉 𝔘 don't I'LL we've 12345 3.14159  double  spaces\ttab {\"a\": [1, 2]} x = foo_bar(3);"] * 30
CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = CL100K.replace(r'\p{N}{1,3}', r'\p{N}')
def byte_level(special, pre, normalizer=None, **bpe):
    t = Tokenizer(models.BPE(**bpe)); t.pre_tokenizer = pre; t.decoder = decoders.ByteLevel()
    if normalizer: t.normalizer = normalizer
    t.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=2500, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)); return t
split = lambda r: pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r), 'isolated', False), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
def llama2():
    t = Tokenizer(models.BPE(unk_token='<unk>', byte_fallback=True, fuse_unk=True)); t.normalizer = normalizers.Sequence([normalizers.Prepend('▁'), normalizers.Replace(' ', '▁')])
    t.decoder = decoders.Sequence([decoders.Replace('▁', ' '), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(' ', 1, 0)])
    t.pre_tokenizer = pre_tokenizers.Split(Regex('▁'), 'merged_with_next')
    t.train_from_iterator([x for x in lines if x.isascii()], trainers.BpeTrainer(vocab_size=2500, special_tokens=['<unk>', '<s>', '</s>'] + ['<0x%02X>' % i for i in range(256)], show_progress=False))
    j = json.loads(t.to_str()); j['pre_tokenizer'] = None; j['added_tokens'] = [a for a in j['added_tokens'] if not a['content'].startswith('<0x')]; return Tokenizer.from_str(json.dumps(j))
toks = {
    'gpt2': byte_level(['<|endoftext|>'], pre_tokenizers.ByteLevel(add_prefix_space=False)),
    'smollm': byte_level(['<|endoftext|>', '<|im_start|>', '<|im_end|>'], pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])),
    'llama3': byte_level(['<|begin_of_text|>', '<|eot_id|>'], split(CL100K), ignore_merges=True),
    'qwen2': byte_level(['<|endoftext|>', '<|im_start|>'], split(QWEN), normalizers.NFC()),
    'llama2': llama2(),
}
toks['qwen2'].add_tokens([AddedToken('<tool_call>', special=False, normalized=False)]); toks['llama3'].add_special_tokens([AddedToken('<|pad|>', lstrip=True, rstrip=True)])
rng = random.Random(seed); pick = [x for x in lines if x.strip()]
texts = rng.sample(pick, 250) + [' '.join(rng.sample(pick, 3)) for _ in range(40)] + ['\n'.join(rng.sample(pick, 3)) for _ in range(40)]
alphabet = " \n\t\r'aAzZ09.,-_äéß東京🎉 　​́()[]{}<|>/\\\"`~ीक"
texts += [''.join(rng.choice(alphabet) for _ in range(rng.randint(1, 30))) for _ in range(500)]
texts += ['', ' ', '\n', '  a', 'a  ', 'a   b', 'a\n\n  b', "don't DON'T 'S", 'x  y', '1234567', '12 345', '<|endoftext|>', 'a<|im_start|>user', '<s>hi</s>', 'é', 'ﬁ Å', '<tool_call>{}', 'a <|pad|> b', '\ud7ff', '￿', '𐍈', 'a\r\nb', ' ', '\x00\x01', '0x41', '<0x41>', '▁a▁']
cases = {'texts': texts}
for n, t in toks.items():
    t.save(f'{out}/{n}.json'); cases[n] = [t.encode(x, add_special_tokens=False).ids for x in texts]; cases[n + '_text'] = [t.decode(i, skip_special_tokens=False) for i in cases[n]]
json.dump(cases, open(f'{out}/cases.json', 'w'), ensure_ascii=True); print({n: t.get_vocab_size() for n, t in toks.items()}, len(texts))
