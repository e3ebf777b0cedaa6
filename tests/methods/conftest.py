"""The fixtures of the tests of the program, for those of the methods."""

import importlib.util
from pathlib import Path

_SPEC = importlib.util.spec_from_file_location(
    "program_fixtures", Path(__file__).resolve().parents[1] / "program" / "conftest.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)

backbone = _MODULE.backbone
still_backbone = _MODULE.still_backbone
processor = _MODULE.processor
sentences = _MODULE.sentences
draw_sentences = _MODULE.draw_sentences
data = _MODULE.data
data_of_longer_codes = _MODULE.data_of_longer_codes
make_recipe = _MODULE.make_recipe
save_deberta = _MODULE.save_deberta
one_thread = _MODULE.one_thread
