"""Methods: what each changes in any recipe. A baseline that needs code of its own gets a file beside this one."""

_PLAIN: dict[str, object] = {
    "use_phonemes": False,
    "use_language_embeddings": False,
    "align_weight": 0,
    "mlm_weight": 0,
    "xmlm_weight": 0,
}
METHODS: dict[str, dict[str, object]] = {
    "phonexl": {},
    "plain": _PLAIN,
    # CoSDA-ML (Qin et al., IJCAI 2020): words of the tagged sentence become translations and keep their tag; alpha 1,
    # beta 0.9.
    "cosda-ml": {**_PLAIN, "task_switch_ratio": 0.9},
    # Ours: the same with words that both languages share by sound, at the ratio that the prototype used, over
    # sub-words.
    "sino-xenic": {**_PLAIN, "unit": "subword", "task_switch_ratio": 0.5, "dictionary": "sound"},
}
