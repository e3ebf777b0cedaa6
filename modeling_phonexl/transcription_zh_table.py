"""Literals of Chinese: pinyin in IPA, letter names, numerals, and the word lists of the reading rules.

No rules: those are in `transcription_zh.py`. Sources stand beside each table.
"""

INVENTORY = (
    *("p", "pʰ", "m", "f", "t", "tʰ", "n", "l", "k", "kʰ", "x", "t͡ɕ", "t͡ɕʰ", "ɕ"),
    *("ʈ͡ʂ", "ʈ͡ʂʰ", "ʂ", "ʐ", "t͡s", "t͡sʰ", "s"),
    *("i", "u", "y", "a", "e", "ə", "ɤ", "o", "ɨ", "ɛ", "ŋ", "j", "w", "ɥ", "ɻ"),
    *("˥", "˧˥", "˨˩˦", "˥˩"),
)

TONES = ("", "˥", "˧˥", "˨˩˦", "˥˩")  # by number; the neutral tone has no letter
TONE_MARKS = "\u0304\u0301\u030c\u0300"  # macron, acute, caron, grave: tones 1 to 4 of Hanyu Pinyin

INITIALS = {
    **{"b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l"},
    **{"g": "k", "k": "kʰ", "h": "x", "j": "t͡ɕ", "q": "t͡ɕʰ", "x": "ɕ"},
    **{"zh": "ʈ͡ʂ", "ch": "ʈ͡ʂʰ", "sh": "ʂ", "r": "ʐ", "z": "t͡s", "c": "t͡sʰ", "s": "s"},
}

# Finals after y and w are undone are spelled in full (iou, uei, uen) or as after a consonant (iu, ui, un).
FINALS = {
    **{"a": "a", "o": "o", "e": "ɤ", "ê": "ɛ", "i": "i", "-i": "ɨ", "u": "u", "ü": "y"},
    **{"ai": "a i", "ei": "e i", "ao": "a u", "ou": "o u", "an": "a n", "en": "ə n"},
    **{"ang": "a ŋ", "eng": "ə ŋ", "ong": "u ŋ", "er": "a ɻ"},
    **{"ia": "j a", "ie": "j ɛ", "io": "j o", "iao": "j a u", "iou": "j o u", "iu": "j o u", "ian": "j ɛ n"},
    **{"in": "i n", "iang": "j a ŋ", "ing": "i ŋ", "iong": "j u ŋ"},
    **{"ua": "w a", "uo": "w o", "uai": "w a i", "uei": "w e i", "ui": "w e i", "uan": "w a n"},
    **{"uen": "w ə n", "un": "w ə n", "uang": "w a ŋ", "ueng": "w ə ŋ", "uong": "w u ŋ"},
    **{"üe": "ɥ ɛ", "üan": "ɥ ɛ n", "ün": "y n"},
}

# Interjections without a vowel letter.
WHOLE_SYLLABLES = {"m": "m", "n": "n", "ng": "ŋ", "hm": "x m", "hng": "x ŋ"}

# Names of the Latin letters as Mandarin speakers say them, in pinyin.
LETTER_NAMES = {
    **{"a": "ēi", "b": "bì", "c": "sēi", "d": "dì", "e": "yì", "f": "ái fu", "g": "jì", "h": "éi chi"},
    **{"i": "ài", "j": "jiè", "k": "kèi", "l": "ái lu", "m": "ái mu", "n": "ēn", "o": "ōu", "p": "pì"},
    **{"q": "kiù", "r": "ā ěr", "s": "ái si", "t": "tì", "u": "yōu", "v": "wēi", "w": "dá bu liu"},
    **{"x": "ái ke si", "y": "wāi", "z": "zèi"},
}

# Spelling of Latin-script names and words in the nearest Mandarin segments: patterns tried in order at each place.
# One rough table for all languages that use the letters; voiced stops become the unaspirated ones, as in pinyin.
LATIN_SPELLING = (
    *((r"tion\b", "ʂ ə n"), (r"sch", "ʂ"), (r"tch", "ʈ͡ʂʰ"), (r"(?:igh|ei|ai|ay|ey)", "e i"), (r"\bkn", "n")),
    *((r"sh", "ʂ"), (r"ch", "ʈ͡ʂʰ"), (r"ph", "f"), (r"th", "s"), (r"gh", "k"), (r"wh", "w"), (r"ck", "kʰ")),
    *((r"qu", "kʰ w"), (r"ng(?=$|[^aeiouy])", "ŋ"), (r"c(?=[eiy])", "s"), (r"x", "kʰ s")),
    *((r"(?:ee|ea|ie)", "i"), (r"oo", "u"), (r"(?:ou|ow)", "a u"), (r"(?:au|aw)", "o"), (r"(?:oi|oy)", "o i")),
    *((r"er\b", "ə"), (r"(?<=[b-df-hj-np-tv-xz])e\b", ""), (r"y(?=[aeiou])", "j")),
    *((r"a", "a"), (r"e", "ɛ"), (r"i", "i"), (r"o", "o"), (r"u", "u"), (r"y", "i")),
    *((r"b", "p"), (r"c", "kʰ"), (r"d", "t"), (r"f", "f"), (r"g", "k"), (r"h", "x"), (r"j", "ʈ͡ʂ"), (r"k", "kʰ")),
    *((r"l", "l"), (r"m", "m"), (r"n", "n"), (r"p", "pʰ"), (r"q", "kʰ"), (r"r", "ɻ"), (r"s", "s"), (r"t", "tʰ")),
    *((r"v", "w"), (r"w", "w"), (r"z", "t͡s")),
)

# Letters that no Unicode decomposition turns into a plain one of their sound.
PLAIN_LETTERS = {"é": "ay", "æ": "e", "œ": "e", "ø": "o", "ł": "l", "ß": "s", "đ": "d", "ð": "d", "þ": "t", "ı": "i"}

DIGITS = ("líng", "yī", "èr", "sān", "sì", "wǔ", "liù", "qī", "bā", "jiǔ")
UNITS = ((10**8, "yì"), (10**4, "wàn"), (1000, "qiān"), (100, "bǎi"), (10, "shí"))
FRACTIONS = {"%": "bǎi", "％": "bǎi", "‰": "qiān"}
PAIR_MEASURES = "个個名位次种種座部场場支天人家条條只隻张張件辆輛倍岁歲间間套艘架项項枚"  # "2" before these is liǎng

# 著 is zhù in these words; anywhere else its simplified form 着 is looked up.
ZHU_WORDS = (
    "名著 著名 著作 显著 著称 著述 论著 专著 卓著 昭著 巨著 译著 合著 遗著 著书 著录 原著 土著 编著 著者 新著 拙著 所著"
    " 较著 知著"
).split()

SANDHI_READINGS = {"一": ("yī", "yí", "yì"), "不": ("bù", "bú")}  # other readings stay as they are
NUMERALS = "〇零一二三四五六七八九"
# 一 keeps its first tone after these: ordinals and larger numbers, and words that end in 一.
BEFORE_PLAIN_YI = "第初十百千万亿零〇二三四五六七八九" + "统唯惟万专单同逐之均划归合"
BEFORE_FULL_ER = "女婴嬰幼孤男血少小胎健宠寵产產患弃棄育托"  # 儿 after these is a child, not the suffix

# Words beside 地, 得, 都 and 为 that tell particle from noun or verb, chosen on the train sentences of UDPOS.
# A place and not an adverb: 殖民 地, 这些 地.
STEMS_OF_PLACES = (
    "殖民 分布 栖息 居住 发生 出生 所在 目的 根据 繁殖 原产 发源 居留 聚居 集散 生产 停留 活动 原籍 这些 那些 某些"
).split()
AFTER_PLACES = "的之和与及"  # a noun, not a verb, stands before these
BEFORE_CAPITAL = tuple("京首故国之")  # 东京 都 is dū
DEGREES = tuple("很太非更最比越极挺十")  # after the particle 得: 变 得 非常 长
VERDICTS = ("好", "不好", "不错")
# Whom or what a deed is for: 为 他们 喝彩, 为 什么.
BENEFICIARIES = "他 她 它 我 你 您 咱 他们 她们 它们 我们 你们 自己 此 什么 甚么 何 避免 纪念 求".split()
