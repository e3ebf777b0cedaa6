"""Literals of Korean: jamo, what they sound like, how codas change, and words whose sound their spelling hides.

No rules: they are in `transcription_ko.py`. Articles are those of the Standard Pronunciation of Korean.
"""

ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
NO_ONSET = "ㅇ"

CLUSTERS = dict(
    zip("ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ", "ㄱㅅ ㄴㅈ ㄴㅎ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅂㅅ".split(), strict=True)
)
ASPIRATED = dict(zip("ㄱㄷㅂㅈ", "ㅋㅌㅍㅊ", strict=True))
TENSE = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
NASAL = dict(zip("ㄱㄷㅂ", "ㅇㄴㅁ", strict=True))
# The coda as it sounds where no vowel follows (articles 8 to 11).
NEUTRAL = dict(zip("ㄲㅋㄳㄺㅅㅆㅈㅊㅌㅎㅍㅄㄿㄼㄽㄾㅀㄻㄵㄶ", "ㄱㄱㄱㄱㄷㄷㄷㄷㄷㄷㅂㅂㅂㄹㄹㄹㄹㅁㄴㄴ", strict=True))
WITHOUT_H = {"ㅎ": "", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}
# What stays of a coda before ㅎ, and the aspirate that both become (article 12).
BEFORE_H = {
    **dict.fromkeys("ㄱㄲㅋㄳ", ("", "ㅋ")),
    **dict.fromkeys("ㄷㅅㅆㅊㅌ", ("", "ㅌ")),
    **dict.fromkeys("ㅂㅍㅄ", ("", "ㅍ")),
    **{
        "ㅈ": ("", "ㅊ"),
        "ㄵ": ("ㄴ", "ㅊ"),
        "ㄺ": ("ㄹ", "ㅋ"),
        "ㄼ": ("ㄹ", "ㅍ"),
        "ㄾ": ("ㄹ", "ㅌ"),
        "ㄿ": ("ㄹ", "ㅍ"),
    },
}
# What stays of a coda before 이, and what the rest of it becomes (article 17).
PALATAL = {"ㄷ": ("", "ㅈ"), "ㅌ": ("", "ㅊ"), "ㄾ": ("ㄹ", "ㅊ")}

ONSET_SOUNDS = dict(zip(ONSETS, (*"k k͈ n t t͈ ɾ m p p͈ s s͈".split(), "", *"t͡ɕ t͡ɕ͈ t͡ɕʰ kʰ tʰ pʰ h".split()), strict=True))
VOICED = dict(zip("ㄱㄷㅂㅈ", "ɡ d b d͡ʑ".split(), strict=True))
VOWEL_SOUNDS = dict(
    zip(
        VOWELS,
        "a,ɛ,j a,j ɛ,ʌ,e,j ʌ,j e,o,w a,w ɛ,w e,j o,u,w ʌ,w e,w i,j u,ɯ,ɰ i,i".split(","),
        strict=True,
    )
)
CODA_SOUNDS = {"": "", "ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅇ": "ŋ"}
# Revised Romanization of Korean, 2000.
ROMAN_ONSETS = dict(zip(ONSETS, (*"g kk n d tt r m b pp s ss".split(), "", *"j jj ch k t p h".split()), strict=True))
ROMAN_VOWELS = dict(zip(VOWELS, "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split(), strict=True))
ROMAN_CODAS = {"": "", "ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅇ": "ng"}

LETTER_NAMES = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 아르 에스 티 유 브이 더블유 엑스 와이 "
            "제트"
        ).split(),
        strict=True,
    )
)
LATIN_SOUNDS = dict(
    pair.split("=")
    for pair in (
        "sh=ㅅ ch=ㅊ th=ㅅ ph=ㅍ ck=ㅋ ng=ㅇ b=ㅂ c=ㅋ d=ㄷ f=ㅍ g=ㄱ h=ㅎ j=ㅈ k=ㅋ l=ㄹ m=ㅁ n=ㄴ p=ㅍ q=ㅋ r=ㄹ "
        "s=ㅅ t=ㅌ v=ㅂ x=ㅋㅅ z=ㅈ ee=ㅣ ea=ㅣ oo=ㅜ ou=ㅜ ai=ㅔㅣ ay=ㅔㅣ oa=ㅗ au=ㅗ aw=ㅗ wa=ㅘ we=ㅞ wi=ㅟ "
        "wo=ㅝ ya=ㅑ yo=ㅛ yu=ㅠ a=ㅏ e=ㅔ i=ㅣ o=ㅗ u=ㅜ w=ㅜ y=ㅣ"
    ).split()
)
LATIN_CODAS = dict(zip("ㄴㅁㄹㅇㅍㅌㅋ", "ㄴㅁㄹㅇㅂㅅㄱ", strict=True))
DIGITS = "영일이삼사오육칠팔구"
MONTHS = {"6": "유", "10": "시"}  # before 월, June and October lose a coda
NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
NATIVE_UNITS = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")  # as before a counter
# Counters of native numbers, with what may follow where the letters begin other words too (3개월, 3시즌, 3달러).
HOURS = "시(?=$|에|부터|까지|쯤|경|께|반|의|는|와|도|[^가-힣])"
COUNTERS = (
    "시간|마리|가지|그루|켤레|송이|차례|사람|군데|곳|척|잔|달(?!러)"
    "|개(?=$|가|를|의|로|만|는|도|씩|나|와|뿐|밖|에|이상|[^가-힣])|명(?=$|이|을|의|은|과|만|도|씩|에|으로|중|뿐|정도|당|까지|[^가-힣])"
)
AGES_AND_PLACES = "살|번째"
POWERS = ("", "만", "억", "조", "경")

# Words by article: the articles' examples and common words besides. Marks stand before the syllable they change:
# ' is tense though nothing in the spelling says so; + takes a ㄴ; - gets of the coda before it only what
# sounds without a vowel; ~ has ㄴ for its ㄹ.
EXCEPTIONS = {
    15: "밭-아래 늪-앞 젖-어미 맛-없 겉-옷 헛-웃음 꽃-위 값-어치 첫-인상 넋-없",
    20: (
        "의견~란 임진~란 생산~량 결단~력 공권~력 동원~령 상견~례 횡단~로 이원~론 입원~료 구근~류 생산~력 판단~력 "
        "추진~력"
    ),
    26: (
        "갈'등 발'동 절'도 말'살 불'소 일'시 갈'증 물'질 발'전 몰'상식 불'세출 결'정 결'심 결'단 결'승 결'실 결'성 "
        "결'제 결'산 걸'작 골'절 굴'절 길'조 날'조 달'성 돌'진 멸'종 물'자 밀'도 밀'접 발'달 발'생 발'송 발'신 "
        "발'상 발'족 별'장 별'세 불'신 불'사 살'상 설'정 설'득 설'사 술'수 실'수 실'시 실'제 실'장 실'존 실'정 실'전 "
        "실'적 실'질 실'종 열'정 열'심 열'성 월'세 율'동 일'단 일'대 일'상 일'생 일'정 일'종 일'제 일'주 절'대 절'실 "
        "절'제 절'정 절'단 절'전 졸'속 질'서 질'주 철'도 철'저 철'수 철'제 출'신 출'장 출'석 출'세 출'산 출'동 출'전 "
        "탈'세 탈'당 탈'주 필'수 필'자 필'승 할'당 할'증 혈'당 혈'세 활'동 활'성 활'자 활'주"
    ),
    28: (
        "문'고리 눈'동자 신'바람 산'새 손'재주 길'가 물'동이 발'바닥 굴'속 술'잔 바람'결 그믐'달 아침'밥 강'가 "
        "초승'달 등'불 창'살 강'줄기 봄'바람 김'밥 비빔'밥 볶음'밥 손'가락 발'가락 길'거리 밤'길 물'고기 안'방 산'길 "
        "술'집 손'등 발'등 물'속 꿈'속 가슴'속 마음'속 일'자리 용'돈 글'자 한'자어 문'자 눈'길 물'가 보름'달 밀'가루 "
        "쌀'가루 오솔'길 겨울'밤 여름'밤 문'법 헌'법 민'법 형'법 장'점 단'점 초'점 관'점 문제'점 인'권 주'권 정'권 "
        "여'권 이'권 소유'권 참정'권 성'격 인'격 내'과 외'과 치'과 이비인후'과 안'과 조'건 사'건 요'건 안'건 "
        "가능'성 중요'성 필요'성 전염'병 정신'병 우울'증 불면'증 개'수 점'수 변'수 함'수"
    ),
    29: (
        "솜+이불 홑+이불 맨+입 꽃+잎 내복+약 한+여름 남존+여비 신+여성 색+연필 직행+열차 늑막+염 콩+엿 담+요 눈+요기 "
        "영업+용 식용+유 백분+율 밤+윷 솔+잎 설+익 물+약 불+여우 서울+역 물+엿 휘발+유 나뭇+잎 깻+잎 단풍+잎 풀+잎 "
        "잡+일 앞+일 집안+일 직업+여성 낯+익 학생+용 부산+역 강남+역 밭+일"
    ),
}
