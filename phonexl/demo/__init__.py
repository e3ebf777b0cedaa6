"""The Gradio demo: a sentence with its sound and tags, and words of another language that sound like its words.

Needs the extra `demo` for `page.py` alone; `app.py`, README and requirements are those of a Space.
"""
