"""French spelling to sounds: mute endings first, then one pass over the letters, then what neighbouring sounds decide.

Works on one letter per sound (`SOUNDS`); holds no lexicon, no numbers, and of whole words only stems of irregular ones.
"""

import re

SOUNDS = {letter: letter for letter in "pbtdkfvszmnljwieɛaɑɔouyøœə"}
SOUNDS |= {"J": "ʒ", "S": "ʃ", "N": "ɲ", "G": "ŋ", "r": "ʁ", "g": "ɡ", "H": "ɥ"}
SOUNDS |= {"Ã": "ɑ\u0303", "Ẽ": "ɛ\u0303", "Õ": "ɔ\u0303", "Ũ": "œ\u0303"}

_V = "aàâäeéèêëiîïoôöuûùüyœæã"  # ã stands for the ending -ent where it is sounded
_C = "bcçdfghjklmnpqrstvwxz"
_FRONT = "eéèêëiîïyœæã"

# Nouns and adjectives in -ent; other words in -ent are verbs, where it is mute.
_NASAL_ENT = re.compile(
    r"(?:^.?|(?:ic|sc|[rp]éd|cip|or|quot|pat|cl|vén)i|é[rd]|(?:^|ap|trans)par|(?:cur|tor|lau|flo)r|(?:ab|pré|con|res)s"
    r"|(?:con|compé|péni|impo|nipo|mit|la|pa|dé)t|(?:perti|conti|[éi]mi|perma|réma)n"
    r"|(?:vio|inso|indo|ino|somno|opu|turbu|viru|trucu|succu|corpu|fécu|ta|re|équiva|ambiva|yva|excel|pesti)l"
    r"|(?:acci|inci|confi|dissi|rési|évi|tri|occi|pru|impu|^ar|mor|stri|déca|cé)d|(?:fl|fréq|séq|éloq|linq|ong|gr)u"
    r"|(?:^a|ar|ntin|dili|négli|ré|ser|ur|indi|telli|astrin|émer)g|(?:sou|cou|au|para|contre|fer)v"
    r"|(?:ac|ja|s|inno|dé|ré|vin|pour)c|(?:^ser|^re|^ar)p|m)ent$"
)
_VERB_MENT = re.compile(
    r"(?:^ani|[xmps]pri|^ri|^li|esti|nom|som|^all?u|^fu|[nsé]su|[ai]rfu|cla|bla|[âîôèê]|(?<!se)(?<!sa)(?<!tou)r|^cal"
    r"|(?<!vr)(?<!g)ai)ment$"
)
_SOUNDED_ER = re.compile(
    r"(?:^[fhmvct]|^am|^fi|^hi|hiv|^enf|^canc|^sup|^hyp|^cuill|revolv|^pok|^las|hamst|^cyb|^int|^ast|^est|^éth|luth|scann"
    r"|^dock|^cock|^jok|^geys|^rev|outrem|^wint|^nig|polyest|lucif)er$"
)
_OPEN_AI = re.compile(r"^(?:vr|m|b|l|t|gu?|qu|ge|bal|dél|ess|[rd]e?.bl|ch|ét|minér|s|samour)ai$|[ou]uai$")

# (letters that end the word, what they are respelled), of the first list one, then of the second one.
_INFLECTIONS = tuple(
    (re.compile(pattern), respelled)
    for pattern, respelled in (
        (r"(?:aient|ais|aits?|aies?|aix|ays)$", "è"),
        (r"(?:oient|oies?)$", "oi"),
        (r"(?<=[tv]i)en[st]$", "in"),
        (r"[ae]mment$", "amã"),
        (r"(?<=.)ents$", "ã"),
        (r"(?<=[^aeiou])er$|(?<=[iuyéoa])er$|(?<=.[iyh])ers$|(?<=[^o][gl])ers$|(?<=.)ez$", "é"),
        (r"(?<=.)(?:ets?|êts?|ect|ects)$(?<!direct)(?<!correct)(?<!select)(?<!sect)(?<!fect)(?<!pect)", "è"),
        (r"pects?$", "pè"),
        (r"(?<![iyé])en(?:ds?|ts?|s)$", "ã"),
        (r"^([cdlmst])es$", r"\1é"),
        (r"(?<=[^e])es$", "e"),
        (r"ée?s?$", "é"),
    )
)
_MUTE_FINALS = tuple(
    (re.compile(pattern), respelled)
    for pattern, respelled in (
        (r"mps?$|mbs?$", "m"),
        (r"(?<=n)(?:ds?|ts?|cs?|cts?|gts?|ps?|s)$|(?<=[ao]n)gs?$|(?<=oin)gs?$|(?<=oi)gts?$", ""),
        (r"(?<=r)(?:ds?|ts?|gs?|s|ps?)$", ""),
        (r"(?<=[aeo]u)(?:lt|x|ds?|ts?|ps?)s?$", ""),
        (r"(?<=[aeéèiîoôuûùêâyï])(?:ts?|ds)$", ""),
        (r"(?<=[aeiou][bcfgklmq])s$", ""),
        (
            r"(?:[^bo]i|ct|[éeiy]r|^.*[bp]|[iéyu]c|th|[uo]l)us$(?<!abus)(?<!ompus)(?<!repus)|[aeoy]sis$|(?:nn|lv|én|ib|ir)is$",
            "\\g<0>s",
        ),
        (r"(?<=[éèêùàâîûeiaouôwyœ])s$|(?<=u)x$|(?<=[ao]i)x$|(?<=pri)x$", ""),
        (r"(?<=[oau])d$", ""),
        (r"(?<=[lr]o|ou)ps?$", ""),
        (r"(?<=t)s$|(?<=p)s$|(?<=h)s$", ""),
    )
)

_MUTE_E = "e(?=$|mã$|r(?:[aéè]|as|ons?|ont|ié|ions?)$)"  # after a vowel: tue, tuera, dénuement
_VOICED_V = f"(?!{_MUTE_E})[{_V}]"
_N = f"(?![{_V}nmh])"  # after n or m: it makes its vowel nasal
# (spelling in its context, sounds); at each place the first that fits.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    # Vowels with i: glides.
    (rf"(?<=[{_V}])(?<![qg]u)ill(?=[{_V}])", "j"),
    (r"(?<=[aeuœ])il$", "j"),
    (r"(?<=^m)ill|(?<=v)ill(?=[ea])|(?<=tranqu)ill|(?<=^osc)ill|(?<=^vac)ill|(?<=dist)ill|(?<=^ach)ill|^ill", "il"),
    (rf"(?<=[{_C}])ill(?=[{_V}])|(?<=[qg]u)ill(?=[{_V}])", "ij"),
    # Nasal vowels.
    (r"(?<!o)ings?$", "iG"),
    (rf"(?:ain|aim|ein|eim|aîn){_N}", "Ẽ"),
    (rf"oin{_N}|ouin{_N}", "wẼ"),
    (r"(?<=j)uin$", "HẼ"),
    (r"ien(?=$|d|f|s$|t[ôe]?$)", "jẼ"),
    (r"(?<=[éyï])en$", "Ẽ"),
    (rf"(?<=[^{_V}])en$(?<!^en)", "ɛn"),
    (r"^en(?=n(?:ui|uy|obl|eig|iv|am))|^em(?=m)", "Ã"),
    (rf"(?:an|am|en|em|ean|aën){_N}", "Ã"),
    (rf"(?:in|im|yn|ym|în|ïn){_N}", "Ẽ"),
    (rf"(?:on|om){_N}", "Õ"),
    (r"um$", "ɔm"),
    (rf"(?:un|um|eun){_N}", "Ũ"),
    (r"ã", "Ã"),
    # Vowels of several letters.
    (r"(?<![zc])oo", "u"),
    (r"(?<=f)ai(?=s[aeéèo])", "ə"),
    (r"(?<=p)ay(?=s)", "ɛi"),
    (r"au(?=r)", "ɔ"),
    (r"[ae]?au|eaû|aû", "o"),
    (rf"ay(?=[{_V}])|ey(?=[{_V}])", "ɛj"),
    (rf"oy(?=[{_V}])", "waj"),
    (rf"uy(?=[{_V}])", "Hij"),
    (r"aî|ai(?!ll|l$)|ay|eî|ei(?!ll|l$)|ey|e(?=ill|il$)", "ɛ"),
    (r"œu|eu|eû|œ(?=ill?)", "X"),
    (r"ue(?=il)", "X"),
    (r"œ", "e"),
    (rf"(?<![bcdfgptv][rl])ou(?!ill)(?={_VOICED_V})", "w"),
    (r"oû|ou|où", "u"),
    (r"oî|oi|oê|oy|eoi", "wa"),
    # Consonants of several letters.
    (rf"sc(?=[{_FRONT}])", "s"),
    (r"sch|sh", "S"),
    (
        r"ch(?=[rlnmt])|(?<=psy)ch|(?<=é)ch(?=o)|(?<=^ar)ch(?=[aéo])|(?<=^or)ch(?=[eéi][ds])|^ch(?=œ|ao|or[aéiu]|ol[éi])|(?<=te)ch(?=n)",
        "k",
    ),
    (r"ch", "S"),
    (r"cc(?=[eéèêiîy])|xc(?=[eéèêiîy])", "ks"),
    (rf"c(?=[{_FRONT}])|ç", "s"),
    (r"cqu|cq|ck|cc|c", "k"),
    (r"(?<=a)qu(?=a)|^qu(?=adr)|(?<=s)qu(?=a)|(?<=é)qu(?=at)", "kw"),
    (r"qu|q|k+", "k"),
    (r"gg(?=é)", "gJ"),
    (rf"ge(?=[aoâôuûèé])|gg?(?=[{_FRONT}])", "J"),
    (r"gn", "N"),
    (rf"gu(?=[{_FRONT}i])|gu(?=[aâ](?:it?|is|nt?|ient|s|t|mes|tes|ss.*)?$)|gg|gh|g", "g"),
    (r"ph|ff|f", "f"),
    (r"th|tt", "t"),
    (r"(?<=[^sx])t(?=i(?:on[^s]|ons?$|el|al|eux|eu[rx]|aire|enc))", "s"),
    (r"(?<=cra)t(?=ie)|(?<=[éi]p)t(?=ie)|(?<=[mb]a)t(?=ie$)|(?<=[phc]é)t(?=ie$)|(?<=don)t(?=ie$)", "s"),
    (r"(?<=ini)t(?=i)|(?<=pa)t(?=i[ea])|(?<=quo)t(?=ien)|(?<=balbu)t(?=i)", "s"),
    (r"bb|b(?!b)", "b"),
    (r"dd|d", "d"),
    (r"ll|l", "l"),
    (r"mm|m", "m"),
    (r"nn|n", "n"),
    (
        r"(?<=co[mn])p(?=t)|(?<=^prom)p(?=t)|(?<=dom)p(?=t)|(?<=exem)p(?=t[^i])|(?<=scul)p(?=t)|(?<=ba)p(?=t)|(?<=^se)p(?=t$|tiè)",
        "",
    ),
    (r"pp|p", "p"),
    (r"rrh|rh|rr|r", "r"),
    (r"ss", "s"),
    (rf"(?<=[{_V}])s(?=[{_V}])|(?<=tran)s(?=[{_V}])", "z"),
    (r"s", "s"),
    (r"t", "t"),
    (r"v", "v"),
    (r"w", "w"),
    (rf"(?<=^e)xh?(?=[{_V}])|(?<=^he)x(?=[{_V}])|^x|(?<=^ine)xh?(?=[{_V}])", "gz"),
    (r"(?<=[dis]i)x(?=i[èe])|(?<=eu)x(?=i)", "z"),
    (r"x", "ks"),
    (r"zz|z", "z"),
    (r"j", "J"),
    (r"h", ""),
    # Vowels of one letter.
    (r"é", "e"),
    (r"[èêë]", "ɛ"),
    (r"e$", "ə"),
    (rf"(?<=[iuéy]){_MUTE_E}", ""),
    (r"^e(?=ff|ss)|(?<=^d)e(?=ss)", "e"),
    (r"(?<=^r)e(?=ss)", "ə"),
    ("e(?=x|" + "|".join(2 * letter for letter in "bcdfgklmnprstz") + ")", "ɛ"),
    (rf"e(?=[bcdfgkptv][rl]|(?:ch|ph|th|gn|qu|gu)[{_V}rl])", "E"),
    (rf"e(?=[{_C}][{_C}])|e(?=[{_C}]$)", "ɛ"),
    (r"e", "E"),
    (r"[aàä]|æ", "a"),
    (r"â", "ɑ"),
    (rf"(?<=[bcdfgptv][rl])[iy](?={_VOICED_V})", "ij"),
    (rf"[iy](?={_VOICED_V})", "j"),
    (r"[iîyïÿ]", "i"),
    (r"ô", "o"),
    (r"[oö]$", "o"),
    (r"o", "O"),
    (rf"(?<![bcdfgptv][rl])u(?={_VOICED_V})|u(?=i[^e])|u(?=is?$)", "H"),
    (r"[uûüù]", "y"),
)
_SPELLING = re.compile("|".join(f"({pattern})" for pattern, _ in _SPELLINGS))
_SOUND = ("", *(sounds for _, sounds in _SPELLINGS))

_VOWELS = "ieɛaɑɔouyøœəEOXÃẼÕŨ"
_CONSONANTS = "pbtdkfvszmnlrjwHJSNGg"
# What sounds do to each other, in this order: (sounds without which the rule has nothing to do, pattern, result).
_MEETINGS = tuple(
    (needed, re.compile(pattern), result)
    for needed, pattern, result in (
        ("b", "b(?=[stfS])", "p"),
        ("E", f"(?<=[{_VOWELS}][{_CONSONANTS}])(?<!N)(?!(?<=r)Er)E(?=[{_CONSONANTS}][{_VOWELS}])", ""),
        ("E", "E", "ə"),
        ("ə", rf"([{_VOWELS}].*)ə$", r"\1"),
        ("O", "O(?=z)|O(?=sjÕ)|O$", "o"),
        ("O", "O", "ɔ"),
        ("X", f"X(?!r)(?=z|$|[dgJSkmst]+[{_VOWELS}]|tr|t$)", "ø"),
        ("X", "X", "œ"),
    )
)


def _respell(word: str) -> str:
    """A word without the letters at its end that are mute."""
    if word.endswith("ent") and len(word) > 3 and not re.search("[tv]ient$|[ae]mment$|(?:ai|oi)ent$", word):
        if _NASAL_ENT.search(word) and not _VERB_MENT.search(word):
            return word[:-3] + "ã"
        return word[:-3] + "e"
    if word.endswith("ai") and len(word) > 3 and not _OPEN_AI.search(word):
        return word[:-2] + "é"
    if not _SOUNDED_ER.search(word):
        for pattern, respelled in _INFLECTIONS:
            if pattern.search(word):
                return pattern.sub(respelled, word)
    for pattern, respelled in _MUTE_FINALS:
        if pattern.search(word):
            return pattern.sub(respelled, word)
    return word


def read_letters(word: str) -> str:
    """Sounds of a word in lower case, letters a to z and those with French marks; one letter each, as in `SOUNDS`.

    >>> read_letters("enfants"), read_letters("chantaient"), read_letters("feuille")
    ('ÃfÃ', 'SÃtɛ', 'fœj')
    """
    sounds = "".join(_SOUND[found.lastindex or 0] for found in _SPELLING.finditer(_respell(word)))
    for needed, pattern, result in _MEETINGS:
        if needed in sounds:
            sounds = pattern.sub(result, sounds)
    return sounds
