"""Italian: which vowel of a word bears the stress, and whether a stressed e or o is open, both guessed from the ending.

Holds no consonants. The endings are the classes that grammars name; what none of them covers is taken to be open.
"""

import re

# Written accents, and the marks that the consonant rules read: ɛ ɔ open vowels, í ú stressed before another vowel.
_ACCENTS = str.maketrans("àáèéìòóùâêîôû", "aaɛeíɔoúaeiou")
_WRITTEN = re.compile("[àáèéìíòóùú]")
_OPEN = {"e": "ɛ", "o": "ɔ"}
_LAST = re.compile("[aeou]i$")  # noi, operai
_UNSTRESSED = frozenset("del dell nel nell quel quell sott con col non per ed od".split())

# Group 1 is the vowel of a syllable; i and u before a vowel glide into it, a last i and the u of au eu out of it.
_SYLLABLE = re.compile("(?:(?<!^)[iu](?=[aeiou]))?([aeiou])(?:(?<=[ae])u(?![aeiou])|i$)?")

# Stressed i before the last vowel: zio, via; Greek nouns (-logia, -grafia), and -eria of shops and trades.
_SHORT = re.compile("^[^aeiou]{1,3}(i)[aeo]$")
_HIATUS = re.compile(
    "(?:log|raf|agog|gon|gen|nom|nim|fon|sof|pat|craz|metr|ped|fob|fil|man|manz|urg|tom|scop|gam|gin|fag|atr|rap|cron"
    "|plas|gnos|nes|ten|term|card|em|tip|arch|mach|lg|leg|cras|iron|armon|utop|trof|poes|polizz?|allegr|fant?as|cortes|pazz|mag"
    "|bug|farmac|compagn|gelos|(?<!mat)(?<!mis)(?<!art)(?<!^f)(?<!s)er)(i)[ae]$"
)
# Stressed on the third syllable from the end.
_ANTEPENULT = re.compile(
    "(?:i(?:c[oai]|ch[ei]|d[oaie]|m[oaie])|(?<![iu])ol[oaie]|(?<!i)ul[oaie]|[bcg]il[ei]|[iu]ss?il[ei]|og[oaie]|ogh[ei]"
    "|graf[oia]|cefal[oi]|[gd]in[ei]|min[ei]|ofo|gen[oi]|metr[oi]|nom[oi]|fon[oi]|crat[ei]|oman[ei]|ofil[oi]|fag[oi]"
    "|pod[ei]|onim[oi]|scop[oi]|trop[oi]|gam[oi]|for[oi]|(?<![iv])(?<!st)(?<!sinc)(?<!int)(?<!alt)er[oi]"
    "|(?<!av|ac|al|an|ar|ap|en|ol|ot)(?<!ved|sed|dov|god|tem|cad)(?<!i)ere|(?<!u)ono"
    "|(?<=[aiou][nr])e[oae]|(?<=ac)e[oae]|(?<=qu)eo|(?<=lv)eo|[eo][nt]esi"
    "|[aei]vano)$"
)
_LONGEST = 7  # letters of such an ending
# Endings whose stressed vowel is closed, from that vowel on.
_CLOSED_E = re.compile(
    "(?<=m)ent[eoi]$|(?<![gfp])ett[oaie]$|etter|ezz[ae]|es[ei]$|(?<!i)es[ao]$|evol|es[ck]|essa$|egn|eggi|egli|ecchi|ecci|ecc[oahe]"
    "|(?<!i)ere$|ersi$|ev[aeio]$|evano$|emmo$|ete$|eto$|erd|e$|embo|erono"
)
_CLOSED_O = re.compile(
    "(?<!u)on[eia]$|(?<!u)or[eia]$|os[oae]$|oio$|ond|ont|orr|orm|omb|omp|ogn|onz|orn|ors|ost[oia]$|ord[oiae]$|oce|omm"
    "|ome$|o$|osce|olc|olm|olp|onch"
)


def mark_stress(word: str) -> str:
    """Write a word with ɛ ɔ for open e o and with í for a stressed i before a vowel; written accents go.

    Args:
        word: Lower case, a-z and vowels with accents.

    >>> mark_stress("biologia"), mark_stress("vento"), mark_stress("perché")
    ('biología', 'vɛnto', 'perche')
    """
    if word in _UNSTRESSED:
        return word
    if _WRITTEN.search(word):
        return word.translate(_ACCENTS)
    if word[-2:] in ("ia", "ie", "io") and (found := _SHORT.match(word) or _HIATUS.search(word)):
        return word[: found.start(1)] + "í" + word[found.end(1) :]
    places = [match.start(1) for match in _SYLLABLE.finditer(word)]
    if not places:
        return word
    place = places[-1]
    if len(places) > 1 and not _LAST.search(word):
        place = places[-3 if len(places) > 2 and _ANTEPENULT.search(word, max(0, len(word) - _LONGEST)) else -2]
    vowel = word[place]
    if vowel not in _OPEN or (_CLOSED_E if vowel == "e" else _CLOSED_O).match(word, place):
        return word
    return word[:place] + _OPEN[vowel] + word[place + 1 :]
