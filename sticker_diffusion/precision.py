"""In which numbers to compute: half precision only where the processor has it."""

import torch

from sticker_diffusion.sampler_settings import DType

# What torch.cpu.get_capabilities() calls the instructions, on x86 and ARM.
NATIVE = {
    "float32": (),
    "bfloat16": ("avx512_bf16", "amx_bf16", "bf16"),
    "float16": ("avx512_fp16", "amx_fp16", "fp16_arith"),
}


def native_dtype(dtype: DType, device: str) -> DType:
    """float32 in place of what a CPU would only emulate: it is more exact, and 4 to 14 times faster."""
    if torch.device(device).type != "cpu":
        return dtype
    capabilities = torch.cpu.get_capabilities()
    return dtype if any(capabilities.get(name) for name in NATIVE[dtype]) else "float32"
