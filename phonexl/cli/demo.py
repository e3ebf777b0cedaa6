"""`phonexl demo`: a page in the browser with the sound of a sentence, its tags, and words that sound like its words."""

from typing import Annotated

import typer

from modeling_phonexl.transcription import import_tool
from phonexl.cli.errors import honest_exit
from phonexl.cli.options import Revision


@honest_exit
def demo(
    model: Annotated[
        str | None, typer.Argument(help="Folder or Hub repository of a PhoneXL tagger; left out, there are no tags.")
    ] = None,
    revision: Revision = None,
    share: Annotated[bool, typer.Option(help="Open it to others through Gradio's server.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Left out, the first that is free from 7860 on.")
    ] = None,
) -> None:
    """Show the demo page until interrupted; nothing leaves this machine, unless shared.

    Example: phonexl demo runs/zh-vi
    """
    import_tool("gradio", "gradio", "the demo page", "demo")
    from phonexl.demo.page import LOOK, make_page
    from phonexl.progress import quiet_transformers
    from phonexl.tagger import load_tagger, make_pipeline

    quiet_transformers()
    page = make_page(make_pipeline(*load_tagger(model, revision)) if model else None)
    page.launch(share=share, server_port=port, **LOOK)
