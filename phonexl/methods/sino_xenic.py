"""Sino-Xenic switching, ours: words that both languages share by sound, written as the target writes them.

The tagged sentence is switched, as by CoSDA-ML, with the shipped dictionaries of Sino-Xenic readings and loanwords:
sound made visible to the tokenizer. Cost: that of plain.
"""

from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.method import Method

METHOD = Method(
    name="sino-xenic",
    reference="this project",
    needs="Dict",
    recipe={**NO_OBJECTIVES, "unit": "subword", "task_switch_ratio": 0.5, "dictionary": "sound"},
)
