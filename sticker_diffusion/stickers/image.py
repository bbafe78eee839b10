"""Read a sticker from an image file that somebody else made, and write a clip as one that everybody can open."""

import warnings
from pathlib import Path
from typing import IO

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, UnidentifiedImageError
from torch import Tensor

MAX_PIXELS = 4096 * 4096
FORMATS = ("PNG", "WEBP", "GIF", "JPEG", "AVIF")


class StickerImageError(ValueError):
    """An image that cannot be a sticker; the message says what was wrong and what would be right."""


def read_sticker(file: Path | IO[bytes], *, name: str | None = None) -> Image.Image:
    """The first frame of an image file as square RGBA, centred on transparency.

    The size in the header is checked before anything is decoded. Raises StickerImageError.
    """
    shown = name or (file.name if isinstance(file, Path) else "sticker")
    try:
        # The bound below is ours and stricter than Pillow's warning.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise StickerImageError(
                    f"{shown}: {image.width}×{image.height} pixels is too large; a sticker has at most 4096×4096"
                )
            rgba = image.convert("RGBA")
    except StickerImageError:
        raise
    except FileNotFoundError:
        raise StickerImageError(f"{shown}: no such file") from None
    except IsADirectoryError:
        raise StickerImageError(f"{shown}: is a folder, not an image") from None
    except Image.DecompressionBombError:
        raise StickerImageError(f"{shown}: too large; a sticker has at most 4096×4096 pixels") from None
    except UnidentifiedImageError:
        raise StickerImageError(f"{shown}: not an image in any of {', '.join(FORMATS)}") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise StickerImageError(f"{shown}: cannot be decoded as an image ({error})") from error
    if rgba.getchannel("A").getbbox() is None:
        raise StickerImageError(f"{shown}: fully transparent; a sticker needs something to move")
    side = max(rgba.size)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(rgba, ((side - rgba.width) // 2, (side - rgba.height) // 2))
    return square


def premultiplied_square(image: Image.Image, size: int) -> Tensor:
    """(4, size, size) premultiplied RGBA in [−1, 1]; an oblong image is centred on transparency."""
    rgba = image.convert("RGBA")
    side = max(rgba.size)
    x = torch.from_numpy(np.array(rgba, dtype=np.float32)).permute(2, 0, 1) / 255
    x = torch.cat([x[:3] * x[3:], x[3:]])
    left, top = (side - rgba.width) // 2, (side - rgba.height) // 2
    x = F.pad(x, (left, side - rgba.width - left, top, side - rgba.height - top))
    return resize(x * 2 - 1, size)


def resize(sticker: Tensor, size: int) -> Tensor:
    """A square sticker (C, s, s) premultiplied in [−1, 1] at (C, size, size), smaller or larger, without aliasing."""
    if sticker.shape[-1] == size:
        return sticker
    resized = F.interpolate(sticker[None], size=(size, size), mode="bicubic", align_corners=False, antialias=True)[0]
    alpha = resized[3:].clamp(-1, 1)
    return torch.cat([torch.minimum(resized[:3].clamp(min=-1), alpha), alpha])


def write_animated_webp(clip: Tensor, file: Path, *, frame_rate: int) -> None:
    """Write a clip (F, H, W, 4), uint8 straight-alpha RGBA, as a WebP that loops for ever."""
    frames = [Image.fromarray(frame.numpy(), "RGBA") for frame in clip.cpu()]
    frames[0].save(
        file,
        format="WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=round(1000 / frame_rate),
        loop=0,
        quality=90,
        method=4,
    )


def straight_bytes(frames: Tensor) -> Tensor:
    """(…, 4, H, W) premultiplied in [−1, 1] to uint8 straight-alpha RGBA (…, H, W, 4)."""
    unit = ((frames.float() + 1) / 2).clamp(0, 1)
    alpha = unit[..., 3:, :, :]
    colour = torch.where(alpha > 0, unit[..., :3, :, :] / alpha.clamp(min=1e-6), torch.zeros_like(alpha)).clamp(0, 1)
    return (torch.cat([colour, alpha], dim=-3) * 255).round().to(torch.uint8).movedim(-3, -1).cpu()
