"""Writes the baseline "random encoder": configuration and tokenizer of the offline backbone, weights of chance.

Training on it is the program's business: `phonexl train RECIPE --set backbone=FOLDER --set vocab=full`.
"""

import argparse
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoTokenizer, PretrainedConfig, PreTrainedModel

from modeling_phonexl.backbones import build_backbone
from phonexl.backbone import resolve_backbone


def random_encoder(config: PretrainedConfig, seed: int) -> PreTrainedModel:
    """An encoder with the weights that its class draws before pretraining; the same for the same seed.

    Args:
        config: Shape of the encoder.
        seed: Of the draw; the random state of the caller stays as it is.

    Returns:
        The encoder, without a pooling layer.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_backbone(config)


def write_random_backbone(source: str, folder: Path, seed: int) -> None:
    """Write a checkpoint like another one, but untrained.

    Args:
        source: Checkpoint whose configuration and tokenizer are taken: a folder or a Hub id.
        folder: Where to; made if absent.
        seed: Of the weights.

    Raises:
        FileExistsError: If `folder` holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} holds something already: choose another folder, or remove it")
    config = AutoConfig.from_pretrained(source)
    random_encoder(config, seed).save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to write the checkpoint")
    parser.add_argument("--seed", type=int, default=0, help="of the weights (default: 0)")
    arguments = parser.parse_args()
    try:
        write_random_backbone(resolve_backbone("offline", "cjkv"), arguments.folder, arguments.seed)
    except FileExistsError as error:
        sys.exit(str(error))
    print(arguments.folder)


if __name__ == "__main__":
    main()
