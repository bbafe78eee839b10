"""The adapters there are. A new one is a file and a line here."""

from sticker_diffusion.engines.adapter import Adapter
from sticker_diffusion.engines.cogvideox import CogVideoX
from sticker_diffusion.engines.ltx import LTXVideo
from sticker_diffusion.engines.svd import StableVideoDiffusion
from sticker_diffusion.engines.wan import Wan

ADAPTERS: dict[str, type[Adapter]] = {
    adapter.name: adapter for adapter in (StableVideoDiffusion, CogVideoX, Wan, LTXVideo)
}
