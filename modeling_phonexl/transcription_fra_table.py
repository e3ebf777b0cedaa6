"""French: names of letters, common irregular words, abbreviations, letters from elsewhere, numbers in words.

Sounds are written as in `transcription_fra_rules.SOUNDS`. Holds no rules of spelling.
"""

LETTER_NAMES = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "a be se de ə ɛf Je aS i Ji ka ɛl ɛm ɛn o pe ky ɛr ɛs te y ve dubləve iks igrɛk zɛd".split(),
        strict=True,
    )
)

# Elided words before an apostrophe.
ELIDED = {letter: letter for letter in "dlmnst"} | {"c": "s", "j": "J", "qu": "k"}

# Words that the rules of spelling cannot read, by what is irregular in them.
IRREGULAR = dict(
    pair.split("=")
    for pair in (
        # Words of grammar, forms of être and avoir.
        "et=e est=ɛ es=ɛ ai=e eu=y eus=y eut=y eût=y eue=y eues=y eurent=yr eûmes=ym donc=dÕk tous=tu monsieur=məsjø "
        "messieurs=mesjø aujourd'hui=oJurdHi fils=fis femme=fam femmes=fam solennel=sɔlanɛl y=i à=a a=a ô=o "
        # Words that the lexicon misreads: ne as NE, nord-est; ce by its letters.
        "ne=nə ce=sə gens=JÃ "
        # Numerals.
        "six=sis dix=dis sept=sɛt huit=Hit neuf=nœf vingt=vẼ vingts=vẼ cent=sÃ cents=sÃ second=səgÕ seconde=səgÕd "
        "secondes=səgÕd cinq=sẼk soixante=swasÃt soixantaine=swasÃtɛn "
        # Final consonants that are heard.
        "os=ɔs ours=urs mars=mars sens=sÃs août=ut sud=syd net=nɛt brut=bryt but=byt dot=dɔt ouest=wɛst "
        "jadis=Jadis hélas=elas lys=lis vis=vis maïs=mais atlas=atlas gratis=gratis tournevis=turnəvis as=as bus=bys "
        "gaz=gaz quiz=kwiz zut=zyt chut=Syt fait=fɛ david=david texas=tɛksas index=Ẽdɛks "
        # Final consonants that are not.
        "pied=pje pieds=pje clef=kle clefs=kle nerfs=nɛr œufs=ø bœufs=bø gentil=JÃti gentils=JÃti fusil=fyzi outil=uti "
        "outils=uti sourcil=sursi sourcils=sursi persil=pɛrsi estomac=ɛstɔma tabac=taba porc=pɔr porcs=pɔr croc=kro "
        "escroc=ɛskro accroc=akro pouls=pu corps=kɔr gars=ga poids=pwa temps=tÃ printemps=prẼtÃ nez=ne riz=ri raz=ra "
        "chez=Se "
        # Vowels and inner consonants.
        "oignon=ɔNÕ oignons=ɔNÕ automne=otɔn condamner=kÕdane poêle=pwal moelle=mwal examen=ɛgzamẼ alcool=alkɔl "
        "faon=fÃ paon=pÃ taon=tÃ caen=kÃ chaos=kao écho=eko orchestre=ɔrkɛstr pays=pei abbaye=abei "
        "club=klœb clubs=klœb football=futbol jean=Jin jeans=Jin toast=tost leader=lidœr week=wik end=ɛnd"
    ).split()
)

ABBREVIATIONS = {
    "mme": "madame",
    "mlle": "mademoiselle",
    "mr": "monsieur",
    "dr": "docteur",
    "st": "saint",
    "km": "kilomètres",
    "kg": "kilogrammes",
    "cm": "centimètres",
    "mm": "millimètres",
}

# Letters that French does not have; other marks are left out.
LETTERS = {"ñ": "gn", "ß": "ss", "ø": "eu", "å": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "t", "ı": "i", "š": "ch"}
LETTERS |= {"ş": "ch", "č": "tch", "ć": "tch", "ž": "j", "ğ": "gh", "ə": "e", "ŋ": "ng", "ħ": "h", "ſ": "s", "ɛ": "e"}

_ONES = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf"
).split()
_TENS = "- - vingt trente quarante cinquante soixante".split()
_SCALES = ((10**9, "milliard"), (10**6, "million"))


def cardinal(number: int) -> str:
    """Words of a whole number below 10**12.

    >>> cardinal(71), cardinal(280), cardinal(1997)
    ('soixante et onze', 'deux cent quatre vingts', 'mille neuf cent quatre vingt dix sept')
    """
    words = []
    for size, name in _SCALES:
        count, number = divmod(number, size)
        if count:
            words += [*_below_1000(count), name + ("s" if count > 1 else "")]
    count, number = divmod(number, 1000)
    if count:
        # Before mille, cent and vingt have no s.
        words += [*(word.removesuffix("s") if word in ("cents", "vingts") else word for word in _below_1000(count))]
        words = [*(words if count > 1 else words[:-1]), "mille"]
    return " ".join(words + _below_1000(number)) or _ONES[0]


def _below_1000(number: int) -> list[str]:
    hundreds, rest = divmod(number, 100)
    words = [_ONES[hundreds]] if hundreds > 1 else []
    if hundreds:
        words.append("cents" if hundreds > 1 and not rest else "cent")
    if rest >= 80:
        words += ["quatre", "vingts" if rest == 80 else "vingt"]
        rest -= 80
    elif rest >= 20:
        tens = min(rest // 10, 6)
        words.append(_TENS[tens])
        rest -= 10 * tens
        if rest in (1, 11):
            words.append("et")
    return words + _ONES[rest].split("-") if rest else words


def ordinal(number: int, ending: str) -> str:
    """Words of an ordinal number below 10**12; the ending, as written behind the digits, tells the gender of the first.

    >>> ordinal(1, "re"), ordinal(21, "e"), ordinal(80, "e")
    ('première', 'vingt et unième', 'quatre vingtième')
    """
    if number == 1:
        return "premier" if ending == "er" else "première"
    *words, last = cardinal(number).split()
    stem = {"neuf": "neuv", "cinq": "cinqu"}.get(last, last)
    if last in ("vingts", "cents", "millions", "milliards"):
        stem = stem[:-1]
    return " ".join([*words, stem.removesuffix("e") + "ième"])
