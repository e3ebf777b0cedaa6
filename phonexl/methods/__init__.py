"""Methods: what each changes in any recipe. A baseline that needs code of its own gets a file beside this one."""

METHODS: dict[str, dict[str, object]] = {
    "phonexl": {},
    "plain": {
        "use_phonemes": False,
        "use_language_embeddings": False,
        "align_weight": 0,
        "mlm_weight": 0,
        "xmlm_weight": 0,
    },
}
