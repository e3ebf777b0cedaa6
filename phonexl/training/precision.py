"""In which type a device trains and predicts faster."""

from __future__ import annotations

import torch


def gains_from_bf16(device: str | None = None) -> bool:
    """Whether a device multiplies faster in bfloat16 than in float32.

    Of a processor by its name and not by a clock, so that a second run computes as the first did. AMX does, and AMD's
    AVX-512. Intel's AVX-512 has the instruction and is slower by it where there is no AMX, or a virtual machine is
    given none.

    Args:
        device: "cpu", "cuda", ...; None: where the HF Trainer would train.
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device != "cpu":
        return device == "cuda" and torch.cuda.is_bf16_supported()
    if not hasattr(torch.cpu, "get_capabilities"):  # an older torch than the one that is pinned
        return False
    capabilities = torch.cpu.get_capabilities()
    amd = "AMD" in str(capabilities.get("cpu_name", ""))
    return bool(capabilities.get("amx_bf16") or (amd and capabilities.get("avx512_bf16")))
