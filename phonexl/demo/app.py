"""The file that a Space runs; PHONEXL_MODEL names the tagger, and without it the page shows sound alone.

The page itself is in `page.py`, and on one's own machine `phonexl demo` shows it.
"""

import os

from phonexl.demo.page import LOOK, make_page
from phonexl.tagger import load_tagger, make_pipeline

model = os.environ.get("PHONEXL_MODEL")
demo = make_page(make_pipeline(*load_tagger(model)) if model else None)

if __name__ == "__main__":
    demo.launch(**LOOK)
