"""Writes cases.json: pieces and places that transformers' BertTokenizer finds for a vocabulary made by hand.

    pip install transformers && python make_cases.py > cases.json
"""

import json
import string

from transformers import BertTokenizer

PIECES = (
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    + list(string.ascii_lowercase + string.ascii_uppercase + string.digits)
    + ["##" + c for c in string.ascii_lowercase + string.digits]
    + list(".,!?'\"()-[]…—#@¡")
    + "un ##aff ##able play ##ing ##ed the hello Hello world World caf ##fé café cafe ##ll".split()
    + "na ##ï ##ve naïve naive é ##é ü ##ü Ü ß ##ß ñ ##ñ i̇ ı ø ##ø æ".split()
    + "中 国 人 民 ##中 ひ ##ら ら 한 글 ##글 ᄒ ##ᅡ ##ᆫ α β ##β σ ##σ ς ##ς П р ##р".split()
    + ["👍", "##👍", "👩", "❤", "##\ufe0f", "e\u0301", "\u0301", "ก", "##\u0e49", "ﬁ", "##ﬁ", "²", "½", "€"]
)

TEXTS = [
    "",
    " \t\n ",
    "Hello, world!",
    "unaffable playing PLAYED",
    "Café CAFÉ cafe\u0301 naïve Ünü groß",
    "İstanbul ıI ñandú Ærø",
    "中国人民 and 中a国",
    "ひらがな 한글 한글인",
    "αβσς ΑΒΣΣ Прр",
    "👍👍 ok👍 👩\u200d❤\ufe0f\u200d👩 end",
    "a\u0000b\ufffdc\u00add\u200be\u200f f\u2028g\u00a0h\u3000i\u0085j\tk\r\nl",
    "\u0301a\u0301\u0327b ก\u0e49า",
    "ﬁne oﬁ x² ½ 5€",
    "𐌰𐌱 gothic 𝒜 ᚠ",
    "a" * 100 + " " + "a" * 101 + " b",
    "[CLS] a [MASK] [mask] b[SEP]c [PAD][UNK]",
    "…—¡hola! \"(it's)\" a-b #tag @me",
    "\ue000 private \U000f0000 \u0378 unassigned",
    "a 豈 b \U0002f800 c \u2e80",
    "1,234.5 ７８ ٣",
    "ﷺ ǅ ẞ K",
]

WORDS = [
    [],
    ["Hello", "world", "!"],
    ["unaffable", "", "\u200b", "it's", "中国", "New York", "playing"],
    ["x" * 101, "[MASK]", "end"],
]

PAIRS = [
    ("", ""),
    ("hello", ""),
    ("", "world"),
    ("hello world?", "the world is unaffable, it's played."),
    ("Café", "中国人"),
]

SETTINGS = [(True, None, True), (False, None, True), (True, False, True), (False, True, True), (True, None, False)]


def in_bytes(text, places):
    """Python counts characters."""
    return [[len(text[:start].encode()), len(text[:end].encode())] for start, end in places]


def cases(lowercase, strip_accents, chinese):
    vocabulary = {piece: i for i, piece in enumerate(PIECES)}
    read = BertTokenizer(
        vocab=vocabulary, do_lower_case=lowercase, strip_accents=strip_accents, tokenize_chinese_chars=chinese
    )
    texts, words, pairs = [], [], []
    for text in TEXTS:
        for longest in (512, 6):
            found = read(text, truncation=True, max_length=longest, return_offsets_mapping=True)
            offsets = in_bytes(text, found["offset_mapping"])
            texts.append({"text": text, "longest": longest, "ids": found["input_ids"], "offsets": offsets})
    for listed in WORDS:
        for longest in (512, 7):
            found = read(listed, is_split_into_words=True, truncation=True, max_length=longest)
            words.append(
                {"words": listed, "longest": longest, "ids": found["input_ids"], "word_of": found.word_ids()}
            )
    for a, b in PAIRS:
        for longest in (512, 9):
            # As lists, since an empty second text alone would be none.
            found = read([a], [b], truncation="only_second", max_length=longest, return_offsets_mapping=True)
            places = zip(found["offset_mapping"][0], found.sequence_ids(0))
            offsets = [in_bytes(b if part == 1 else a, [place])[0] for place, part in places]
            ids, types = found["input_ids"][0], found["token_type_ids"][0]
            pairs.append({"a": a, "b": b, "longest": longest, "ids": ids, "types": types, "offsets": offsets})
    return {
        "lowercase": lowercase,
        "strip_accents": strip_accents,
        "chinese": chinese,
        "texts": texts,
        "words": words,
        "pairs": pairs,
    }


def lines(key, found):
    """One case a line."""
    return f'"{key}": [\n' + ",\n".join(json.dumps(case) for case in found) + "\n]"


def setting(found):
    keys = [f'"{key}": {json.dumps(found[key])}' for key in ("lowercase", "strip_accents", "chinese")]
    return "{" + ", ".join(keys + [lines(key, found[key]) for key in ("texts", "words", "pairs")]) + "}"


assert len(set(PIECES)) == len(PIECES), "each piece once"
settings = ",\n".join(setting(cases(*values)) for values in SETTINGS)
print(f'{{"pieces": {json.dumps(PIECES)},\n"settings": [\n{settings}\n]}}')
