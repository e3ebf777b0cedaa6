"""Tables of literals for Japanese: sounds of kana, names of letters and numbers, counters, and readings of whole words.

No rule lives here: kana are read by `transcription_ja_kana`, numbers and words by `transcription_ja`.
"""

VOWELS = {"ア": "a", "イ": "i", "ウ": "ɯ", "エ": "e", "オ": "o"}
ROMAN_VOWELS = {"a": "a", "i": "i", "ɯ": "u", "e": "e", "o": "o"}

# Kana in the order a i u e o (a dot: no such kana), consonant, Hepburn consonant.
ROWS = (
    ("アイウエオ", "", ""),
    ("カキクケコ", "k", "k"),
    ("ガギグゲゴ", "ɡ", "g"),
    ("サ.スセソ", "s", "s"),
    (".シ...", "ɕ", "sh"),
    ("ザ.ズゼゾ", "z", "z"),
    (".ジ...", "d͡ʑ", "j"),
    (".ヂ...", "d͡ʑ", "j"),
    ("..ヅ..", "z", "z"),
    ("タ..テト", "t", "t"),
    (".チ...", "t͡ɕ", "ch"),
    ("..ツ..", "t͡s", "ts"),
    ("ダ..デド", "d", "d"),
    ("ナニヌネノ", "n", "n"),
    ("ハ..ヘホ", "h", "h"),
    (".ヒ...", "ç", "h"),
    ("..フ..", "ɸ", "f"),
    ("バビブベボ", "b", "b"),
    ("パピプペポ", "p", "p"),
    ("マミムメモ", "m", "m"),
    ("ヤ.ユ.ヨ", "j", "y"),
    ("ラリルレロ", "ɾ", "r"),
    ("ワ....", "w", "w"),
    (".ヰ.ヱヲ", "", ""),
    ("..ヴ..", "b", "v"),
    ("ヷヸ.ヹヺ", "v", "v"),
    ("ァィゥェォ", "", ""),
    ("ャ.ュ.ョ", "j", "y"),
    ("ヮ....", "w", "w"),
    ("ヵ..ヶ.", "k", "k"),
)

# Kana before a small one: the consonants that replace its own sound, and their Hepburn spelling.
BEFORE_SMALL_Y = {
    "キ": ("kʲ", "ky"),
    "ギ": ("ɡʲ", "gy"),
    "シ": ("ɕ", "sh"),
    "ジ": ("d͡ʑ", "j"),
    "ヂ": ("d͡ʑ", "j"),
    "チ": ("t͡ɕ", "ch"),
    "ニ": ("ɲ", "ny"),
    "ヒ": ("ç", "hy"),
    "ビ": ("bʲ", "by"),
    "ピ": ("pʲ", "py"),
    "ミ": ("mʲ", "my"),
    "リ": ("ɾʲ", "ry"),
    "テ": ("tʲ", "ty"),
    "デ": ("dʲ", "dy"),
    "フ": ("ɸʲ", "fy"),
    "ヴ": ("bʲ", "vy"),
}
BEFORE_SMALL_VOWEL = {
    "フ": ("ァィェォ", ("ɸ",), "f"),
    "ヴ": ("ァィェォ", ("b",), "v"),
    "ツ": ("ァィェォ", ("t͡s",), "ts"),
    "ウ": ("ァィェォ", ("w",), "w"),
    "ク": ("ァィェォヮ", ("k", "w"), "kw"),
    "グ": ("ァィェォヮ", ("ɡ", "w"), "gw"),
    "テ": ("ィ", ("t",), "t"),
    "デ": ("ィ", ("d",), "d"),
    "ト": ("ゥ", ("t",), "t"),
    "ド": ("ゥ", ("d",), "d"),
    "ス": ("ィ", ("s",), "s"),
    "ズ": ("ィ", ("z",), "z"),
    "イ": ("ェ", ("j",), "y"),
}
AINU = dict(zip("ㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ", "クシストヌハヒフヘホムラリルレロ", strict=True))

LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "エー ビー シー ディー イー エフ ジー エイチ アイ ジェー ケー エル エム "
        "エヌ オー ピー キュー アール エス ティー ユー ブイ ダブリュー エックス ワイ ゼット".split(),
        strict=True,
    )
)
# Latin words that Sudachi does not know are read as if borrowed: consonant + vowel, else with ウ (オ after t d).
LATIN_ONSETS = dict(
    zip(
        "b c d f g h j k l m n p q r s t v w x y z ch sh th ph ts ky gy ny hy by py my ry ck qu".split(),
        "バビブベボ カシクセコ ダディドゥデド ファフィフフェフォ ガギグゲゴ ハヒフヘホ ジャジジュジェジョ "
        "カキクケコ ラリルレロ マミムメモ ナニヌネノ パピプペポ カキクケコ ラリルレロ サシスセソ タティトゥテト "
        "ヴァヴィヴヴェヴォ ワウィウウェウォ ザジズゼゾ ヤイユイェヨ ザジズゼゾ チャチチュチェチョ "
        "シャシシュシェショ サシスセソ ファフィフフェフォ ツァツィツツェツォ キャキキュキェキョ "
        "ギャギギュギェギョ ニャニニュニェニョ ヒャヒヒュヒェヒョ ビャビビュビェビョ ピャピピュピェピョ "
        "ミャミミュミェミョ リャリリュリェリョ カキクケコ クヮクィククェクォ".split(),
        strict=True,
    )
)
LATIN_CODAS = {
    "d": "ド",
    "t": "ト",
    "ch": "チ",
    "sh": "シュ",
    "n": "ン",
    "m": "ム",
    "j": "ジ",
    "x": "クス",
    "c": "ク",
    "w": "ウ",
    "y": "イ",
}
UNITS = {
    "mm": "ミリメートル",
    "cm": "センチメートル",
    "m": "メートル",
    "km": "キロメートル",
    "mg": "ミリグラム",
    "g": "グラム",
    "kg": "キログラム",
    "t": "トン",
    "l": "リットル",
    "ml": "ミリリットル",
    "db": "デシベル",
    "hz": "ヘルツ",
    "w": "ワット",
    "kw": "キロワット",
    "v": "ボルト",
}

# "|": a border over which no long vowel forms (ゴ|オク is not ɡoːkɯ).
DIGITS = "ゼロ イチ ニ サン ヨン ゴ ロク ナナ ハチ キュウ".split()
KANJI_DIGITS = "〇一二三四五六七八九"
TENS = ("", "ジュウ", "ヒャク", "セン")
HUNDREDS = {3: "サンビャク", 6: "ロッピャク", 8: "ハッピャク"}
THOUSANDS = {3: "サンゼン", 8: "ハッセン"}
MYRIADS = ("", "マン", "オク", "チョウ", "ケイ")
KANJI_MYRIADS = "万億兆京"

# Last number word before a counter -> its form before a counter that begins with k, with s, t or p, and with h.
ASSIMILATED = {
    "イチ": ("イッ", "イッ", "イッ"),
    "ロク": ("ロッ", "ロク", "ロッ"),
    "ハチ": ("ハッ", "ハッ", "ハッ"),
    "ジュウ": ("ジッ", "ジッ", "ジッ"),
    "ヒャク": ("ヒャッ", "ヒャク", "ヒャッ"),
}
COUNTERS_K = (
    "回 個 箇 か月 カ月 ヶ月 ケ月 か所 カ所 ヶ所 箇所 か国 カ国 ヶ国 箇国 件 階 巻 kg km キロ 軒 曲 缶 機 基 局 校 戸"
).split()
COUNTERS_S = (
    "歳 才 世 世紀 社 冊 隻 種 種類 周年 周 週 週間 章 足 席 点 頭 着 等 体 通 丁目 cm トン t % パーセント "
    "試合 戦 省 周目"
).split()
COUNTERS_H = "本 匹 杯 分 分間 泊 発 票 編 遍 筆 拍 版".split()
BECOMES_P_AFTER_3 = frozenset("分 分間 泊 発 版 拍".split())

# Counters that ask for other number words: last number word -> its form.
COUNTED = {
    "年": {"ヨン": "ヨ"},
    "年間": {"ヨン": "ヨ"},
    "年度": {"ヨン": "ヨ"},
    "年生": {"ヨン": "ヨ"},
    "月": {"ヨン": "シ", "ナナ": "シチ", "キュウ": "ク"},
    "時": {"ヨン": "ヨ", "ナナ": "シチ", "キュウ": "ク"},
    "時間": {"ヨン": "ヨ", "ナナ": "シチ", "キュウ": "ク"},
    "人": {"ヨン": "ヨ"},
    "円": {"ヨン": "ヨ"},
    "日": {"ナナ": "シチ", "キュウ": "ク"},
    "日間": {"ナナ": "シチ", "キュウ": "ク"},
    "つ": {
        "イチ": "ヒト",
        "ニ": "フタ",
        "サン": "ミッ",
        "ヨン": "ヨッ",
        "ゴ": "イツ",
        "ロク": "ムッ",
        "ハチ": "ヤッ",
        "キュウ": "ココノ",
    },
}
# After these words a row of kanji digits is one number: 二〇二四年 is ニセンニジュウヨネン.
YEARS = frozenset("年 年度 年代 年間".split())
DAYS = {
    2: "フツ",
    3: "ミッ",
    4: "ヨッ",
    5: "イツ",
    6: "ムイ",
    7: "ナノ",
    8: "ヨウ",
    9: "ココノ",
    10: "トオ",
    14: "ジュウ|ヨッ",
    20: "ハツ",
    24: "ニ|ジュウ|ヨッ",
}

# Words whose usual reading is not Sudachi's: (surface, Sudachi's reading) -> reading.
READ_AS = {("私", "ワタクシ"): "ワタシ"}
# Particle は inside a word that Sudachi keeps whole.
ENDS_IN_PARTICLE = frozenset(
    "こんにちは こんばんは こんちは あるいは または もしくは では それでは とは には ひいては".split()
)

# Jukujikun: readings that belong to the whole word. Source: appendix (付表) of the Jōyō kanji list, 2010.
_JUKUJIKUN = """
明日アス 小豆アズキ 海女アマ 海士アマ 硫黄イオウ 意気地イクジ 田舎イナカ 息吹イブキ 海原ウナバラ 乳母ウバ 浮気ウワキ
浮つくウワツク 笑顔エガオ 叔父オジ 伯父オジ 大人オトナ 乙女オトメ 叔母オバ 伯母オバ お巡りさんオマワリサン
お神酒オミキ 神酒ミキ 母屋オモヤ 母家オモヤ 母さんカアサン 神楽カグラ 河岸カシ 鍛冶カジ 風邪カゼ 固唾カタズ 仮名カナ
蚊帳カヤ 為替カワセ 河原カワラ 川原カワラ 昨日キノウ 今日キョウ 果物クダモノ 玄人クロウト 今朝ケサ 景色ケシキ
心地ココチ 居士コジ 今年コトシ 早乙女サオトメ 雑魚ザコ 桟敷サジキ 差し支えサシツカエ 差し支えるサシツカエル 五月サツキ
早苗サナエ 五月雨サミダレ 時雨シグレ 尻尾シッポ 竹刀シナイ 老舗シニセ 芝生シバフ 清水シミズ 三味線シャミセン
砂利ジャリ 数珠ジュズ 上手ジョウズ 白髪シラガ 素人シロウト 師走シワス 数寄屋スキヤ 数奇屋スキヤ 相撲スモウ 草履ゾウリ
山車ダシ 太刀タチ 立ち退くタチノク 七夕タナバタ 足袋タビ 稚児チゴ 一日ツイタチ 築山ツキヤマ 梅雨ツユ 凸凹デコボコ
手伝うテツダウ 手伝いテツダイ 手伝っテツダッ 伝馬船テンマセン 投網トアミ 父さんトウサン 十重二十重トエハタエ
読経ドキョウ 時計トケイ 友達トモダチ 仲人ナコウド 名残ナゴリ 雪崩ナダレ 兄さんニイサン 姉さんネエサン 野良ノラ
祝詞ノリト 博士ハカセ 二十ハタチ 二十歳ハタチ 二十日ハツカ 波止場ハトバ 一人ヒトリ 日和ヒヨリ 二人フタリ 二日フツカ
吹雪フブキ 下手ヘタ 部屋ヘヤ 迷子マイゴ 真面目マジメ 真っ赤マッカ 真っ青マッサオ 土産ミヤゲ 息子ムスコ 眼鏡メガネ
猛者モサ 紅葉モミジ 木綿モメン 最寄りモヨリ 最寄モヨリ 八百長ヤオチョウ 八百屋ヤオヤ 大和ヤマト 弥生ヤヨイ 浴衣ユカタ
行方ユクエ 行方不明ユクエフメイ 寄席ヨセ 若人ワコウド 躑躅ツツジ 百合ユリ 煙草タバコ 昨夜ユウベ 一昨日オトトイ
明後日アサッテ 従兄弟イトコ 従姉妹イトコ 所謂イワユル 流石サスガ 煎餅センベイ 可愛いカワイイ
"""


def _read_pairs(text: str) -> frozenset[tuple[str, str]]:
    """Cut each item where its katakana reading begins; okurigana are hiragana, so the border is plain."""
    pairs = set()
    for item in text.split():
        start = next(i for i, char in enumerate(item) if "ァ" <= char <= "ヶ")
        pairs.add((item[:start], item[start:]))
    return frozenset(pairs)


JUKUJIKUN = _read_pairs(_JUKUJIKUN)
