"""Random texts against Hugging Face's library: python3 fuzz.py KVSCOPE [TEXTS] [SEED]

Needs `tokenizers` from PyPI. Each tokenizer.json of huggingface/ encodes the texts here and
by `kvscope tokenize --lines`; the first differences are printed and the exit status is 1.
"""
import gzip, json, pathlib, random, subprocess, sys, tempfile
from tokenizers import Tokenizer

kvscope, count, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20000, int(sys.argv[3]) if len(sys.argv) > 3 else 1
rng = random.Random(seed)
common = " \n\t\r'aAsStTzZ09.,-_äéß東京🎉 　​́()[]{}<|>/\\\"`~ीक"
words = ["don't", "I'LL", "we've", " the", "12345", "<|endoftext|>", "<|im_start|>", "<s>", "</s>", "<tool_call>", " <|pad|> ", "foo_bar(3);", "naïve", "\r\n", "  ", "▁", "<0x41>", "각", "각", "Å", "ſ", "'ſ"]

def char():
    kind = rng.random()
    if kind < .5: return rng.choice(common)
    if kind < .7: return rng.choice(words)
    while True:
        c = rng.randrange(0x250) if kind < .8 else rng.randrange(0x3000) if kind < .9 else rng.randrange(0x110000)
        if not 0xD800 <= c < 0xE000: return chr(c)

texts = [''.join(char() for _ in range(rng.randint(0, 40))) for _ in range(count)]
wrong = 0
folder = pathlib.Path(__file__).parent / 'huggingface'
for path in sorted(folder.glob('*.json.gz')):
    if path.name == 'cases.json.gz': continue
    data = gzip.decompress(path.read_bytes())
    reference = Tokenizer.from_str(data.decode())
    with tempfile.NamedTemporaryFile(suffix='.json') as f:
        f.write(data); f.flush()
        got = subprocess.run([kvscope, 'tokenize', '--tokenizer', f.name, '--text', '-', '--lines'], check=True, capture_output=True,
                             input=''.join(json.dumps(t) + '\n' for t in texts).encode()).stdout.splitlines()
    assert len(got) == len(texts)
    bad = 0
    for text, line in zip(texts, got):
        want = reference.encode(text, add_special_tokens=False).ids
        if json.loads(line) != want:
            bad += 1
            if bad <= 5: print(path.name, json.dumps(text), line.decode(), want)
    print(path.name, bad, 'of', len(texts), 'differ')
    wrong += bad
sys.exit(wrong > 0)
