"""Tables of Urdu: letters, marks, Arabic word patterns, endings, exceptions, and romanization.

Holds no rules: `transcription_urd` applies them. Letters and readings are written as `transcription_urd_bridge` says.
"""

# Of each Urdu letter: the bridge's letter, and its own sound. O is ع.
CONSONANTS = {
    "ب": ("ब", "b"),
    "پ": ("प", "p"),
    "ت": ("त", "t̪"),
    "ط": ("त", "t̪"),
    "ٹ": ("ट", "ʈ"),
    "ث": ("स", "s"),
    "س": ("स", "s"),
    "ص": ("स", "s"),
    "ج": ("ज", "d͡ʒ"),
    "چ": ("च", "t͡ʃ"),
    "ذ": ("ज", "z"),
    "ز": ("ज", "z"),
    "ض": ("ज", "z"),
    "ظ": ("ज", "z"),
    "ژ": ("ज", "ʒ"),
    "ح": ("ह", "ɦ"),
    "ہ": ("ह", "ɦ"),
    "خ": ("ख", "x"),
    "د": ("द", "d̪"),
    "ڈ": ("ड", "ɖ"),
    "ر": ("र", "ɾ"),
    "ڑ": ("\u095c", "ɽ"),
    "ش": ("श", "ʃ"),
    "غ": ("ग", "ɣ"),
    "ف": ("फ", "f"),
    "ق": ("क", "q"),
    "ک": ("क", "k"),
    "گ": ("ग", "ɡ"),
    "ل": ("ल", "l"),
    "م": ("म", "m"),
    "ن": ("न", "n"),
}
VOWEL_LETTERS = {"ا": "A", "آ": "M", "و": "W", "ی": "Y", "ے": "E", "ئ": "H", "ء": "H", "ں": "G", "ع": "O"}
# With ھ after it.
ASPIRATED = {
    "ب": ("भ", "bʱ"),
    "پ": ("फ", "pʰ"),
    "ت": ("थ", "t̪ʰ"),
    "ٹ": ("ठ", "ʈʰ"),
    "ج": ("झ", "d͡ʒʱ"),
    "چ": ("छ", "t͡ʃʰ"),
    "د": ("ध", "d̪ʱ"),
    "ڈ": ("ढ", "ɖʱ"),
    "ڑ": ("\u095d", "ɽʱ"),
    "ک": ("ख", "kʰ"),
    "گ": ("घ", "ɡʱ"),
}

# Letters of Arabic, Persian, Pashto, Sindhi, Kurdish, Uyghur and Punjabi, and letters with a hamza, in those of Urdu.
OTHER_LETTERS = {
    "ي": "ی",
    "ى": "ی",
    "ې": "ے",
    "ۍ": "ی",
    "ێ": "ے",
    "ك": "ک",
    "ڪ": "ک",
    "ڭ": "ن",
    "ه": "ہ",
    "ە": "ہ",
    "ۀ": "ہئے",
    "ۂ": "ہئے",
    "ة": "ت",
    "ۃ": "ت",
    "أ": "ا",
    "إ": "ا",
    "ٱ": "ا",
    "ؤ": "ئو",
    "ۓ": "ئے",
    "ۆ": "و",
    "ۇ": "و",
    "ۈ": "و",
    "ۋ": "و",
    "ڤ": "و",
    "ٻ": "ب",
    "ټ": "ٹ",
    "ٽ": "ٹ",
    "ٿ": "تھ",
    "ٺ": "ٹھ",
    "ڀ": "بھ",
    "ڃ": "ن",
    "ڄ": "ج",
    "ڇ": "چھ",
    "څ": "س",
    "ځ": "ز",
    "ډ": "ڈ",
    "ڊ": "ڈ",
    "ڌ": "دھ",
    "ڏ": "ڈ",
    "ړ": "ڑ",
    "ڙ": "ڑ",
    "ڕ": "ر",
    "ږ": "ژ",
    "ښ": "ش",
    "ڦ": "پھ",
    "ڱ": "ن",
    "ڳ": "گ",
    "ګ": "گ",
    "ڵ": "ل",
    "ڻ": "ن",
    "ڼ": "ن",
}
# Readings that a written mark allows: of the letter that bears it, and with a long vowel's letter next.
ZABAR, ZER, PESH, SUKUN, TASHDID = "\u064e", "\u0650", "\u064f", "\u0652", "\u0651"
MARKED = {ZABAR: "a", ZER: "i", PESH: "u"}
LENGTHENED = {
    ZABAR: {"W": "au", "Y": "ai", "A": "aa", "E": "ai"},
    ZER: {"Y": "ii"},
    PESH: {"W": "uu"},
}

# Patterns of Arabic nouns: letter/reading, C a consonant. "clear": only in words with a letter that only Arabic and
# Persian words have, because others look the same.
ARABIC_PATTERNS = (
    ("all", "त/a C C Y/ii C"),  # تصویر
    ("clear", "त/a C A/aa C/u C"),  # تعارف
    ("all", "त/a C/a C/2u C"),  # تصور
    ("all", "A/i स त/i C C A/aa C"),  # استقبال
    ("all", "A/i C त/i C A/aa C"),  # اجتماع
    ("all", "A/i न C/i C A/aa C"),  # انقلاب
    ("all", "म/a C C W/uu C"),  # مضمون
    ("all", "म/u C A/aa C/a C A/aa"),  # مقابلہ
    ("all", "म/a C C/a C A/aa"),  # مدرسہ
    ("all", "म/u त/a C A/aa C/i C"),  # متبادل
    ("all", "म/u त/a C/a C/2i C"),  # متکبر
    ("all", "म/u C त/a C/i C"),  # مختلف
    ("all", "म/u स त/a C C/i C"),  # مستقبل
    ("clear", "म/u C A/aa C/i C"),  # مخالف
    ("clear", "म/a C C/a C"),  # مقصد
    ("clear", "C A/aa C/i C"),  # عالم
    ("all", "C/a C Y/ii C"),  # عظیم
    ("all", "A/i C C A/aa C"),  # اعلان
    ("all", "C/a C A/aa C/a त"),  # شرافت
    ("all", "C/a C W/uu C"),  # ضرور
    ("clear", "C/a C C"),  # عرض
)
CLEAR_LETTERS = "ثحخذزصضطظعغفق"
ARABIC_ENDINGS = ("", "Y/ii", "A/aa त", "W/oo G/~")

# What may follow a word that the bridge knows, longest first.
ENDINGS = (
    "Y/j A/aa G/~",
    "Y/j W/oo G/~",
    "द A/aa र",
    "A/aa त",
    "Y/ja त",
    "W/oo G/~",
    "Y/ee G/~",
    "W/v A/aa",
    "न A/aa",
    "त A/aa",
    "त Y/ii",
    "त E/ee",
    "न E/ee",
    "न Y/ii",
    "ग Y/ii",
    "Y/ii",
)

# Words whose letters say something else: particles and pronouns in ہ, conjunctions with کہ, pronouns that have two
# readings, and very frequent words: for, use, and, God.
EXCEPTIONS = {
    "وہ": "ʋ oː",
    "یہ": "j eː",
    "نہ": "n ə",
    "کہ": "k ɪ",
    "پہ": "p eː",
    "بہ": "b ə",
    "چھ": "t͡ʃʰ ɛː",
    "بلکہ": "b ə l k ɪ",
    "تاکہ": "t̪ ɑː k ɪ",
    "جبکہ": "d͡ʒ ə b k ɪ",
    "چونکہ": "t͡ʃ ũː k ɪ",
    "کیونکہ": "k j õː k ɪ",
    "حالانکہ": "ɦ ɑː l ɑ̃ː k ɪ",
    "اور": "ɔː ɾ",
    "میں": "m ẽː",
    "اس": "ɪ s",
    "ان": "ɪ n",
    "منہ": "m ũː ɦ",
    "و": "oː",
    "کیلئے": "k eː l ɪ eː",
    "کیلیے": "k eː l ɪ eː",
    "استعمال": "ɪ s t̪ eː m ɑː l",
    "اللہ": "ə l l ɑː ɦ",
    "الله": "ə l l ɑː ɦ",
}

# Plain Latin letters of segments; long vowels and dots are not marked, as in Hindi.
ROMAN = {
    "t͡ʃʰ": "chh",
    "t͡ʃ": "ch",
    "d͡ʒʱ": "jh",
    "d͡ʒ": "j",
    "ʃ": "sh",
    "ʂ": "sh",
    "x": "kh",
    "ɣ": "gh",
    "ʒ": "zh",
    "ʈ": "t",
    "ɖ": "d",
    "t̪": "t",
    "d̪": "d",
    "ɽ": "r",
    "ɾ": "r",
    "ɳ": "n",
    "ŋ": "n",
    "ɡ": "g",
    "ɦ": "h",
    "j": "y",
    "ʋ": "v",
    "ʰ": "h",
    "ʱ": "h",
    "ə": "a",
    "ɑ": "a",
    "ɪ": "i",
    "ʊ": "u",
    "ɛː": "ai",
    "ɔː": "au",
    "ɔ": "o",
    "æ": "e",
    "ː": "",
}
# Number words that Urdu does not share with Hindi.
NUMERALS = {"शून्य": "सिफ़र", "छह": "छै"}
