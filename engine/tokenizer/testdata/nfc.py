"""The table of NFC that Hugging Face tokenizers compute with: python3 nfc.py > ../nfc.txt

Decompositions and combining classes are Python's unicodedata, less what the crate
behind tokenizers (PyPI, 0.23) does not know: it follows Unicode 9, and the ids that
models were trained on came out of it.
"""
import unicodedata as u
from tokenizers import normalizers
nfc = normalizers.NFC().normalize_str

def known(c):
    """Whether the crate reorders c among other marks."""
    return any(nfc(s) == u.normalize('NFC', s) != s for m in '\u0334\u3099\u0345' for s in ('a' + m + c, 'a' + c + m))

chars = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
print('# Canonical normalization, made by testdata/nfc.py. P: the character is composed of the two')
print('# after it; D: it is written as what comes after it and never composed. A number: the')
print('# combining class of the characters from the second column to the third.')
for c in chars:
    d = u.decomposition(c)
    if d and not d.startswith('<') and nfc(u.normalize('NFD', c)) == u.normalize('NFC', c):
        print('P' if u.normalize('NFC', c) == c else 'D', '%04X' % ord(c), d)
start = last = None
for c in chars + ['a']:
    k = u.combining(c) if u.combining(c) and known(c) else 0
    if start is not None and (k != cls or ord(c) != last + 1):
        print(cls, '%04X' % start, '%04X' % last)
        start = None
    if k and start is None:
        start, cls = ord(c), k
    last = ord(c)
