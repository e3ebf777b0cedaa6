"""`phonexl export`: a tagger as an ONNX folder that runs without torch."""

from pathlib import Path
from typing import Annotated

import typer

from phonexl.cli.errors import honest_exit
from phonexl.cli.options import Revision


@honest_exit
def export(
    model: Annotated[str, typer.Argument(help="Folder or Hub repository of a PhoneXL tagger.")],
    out: Annotated[Path, typer.Argument(help="New or empty folder.")],
    revision: Revision = None,
    int8: Annotated[bool, typer.Option("--int8", help="Also write a graph of 8-bit integers, for speed.")] = False,
) -> None:
    """Write a tagger as ONNX, for modeling_phonexl.onnx_tagger.OnnxTagger, which needs no torch.

    Example: phonexl export runs/zh-vi runs/zh-vi-onnx --int8
    """
    from phonexl.onnx_export import export_onnx
    from phonexl.progress import quiet_transformers
    from phonexl.tagger import load_tagger

    quiet_transformers()
    tagger, processor = load_tagger(model, revision)
    typer.echo("exporting: about half a minute for a small encoder", err=True)
    for path in export_onnx(tagger, processor, out, int8=int8):
        print(f"{path}\t{path.stat().st_size / 1e6:.1f} MB")
