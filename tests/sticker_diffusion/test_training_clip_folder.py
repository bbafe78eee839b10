"""A folder of clips is training data: every clip once a round, at even times, with the motion that it has."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.score import bucket_of, motion_score
from sticker_diffusion.training.clip_folder import METADATA, ClipFolder

EDGES = torch.arange(15.0)


def save_clip(file: Path, frames: int, step: int) -> None:
    """A red square that moves right by `step` pixels a frame, over transparency; lossless."""
    pictures = []
    for i in range(frames):
        pixels = np.zeros((32, 32, 4), dtype=np.uint8)
        pixels[8:16, (2 + i * step) % 24 :][:, :8] = (255, 0, 0, 255)
        pictures.append(Image.fromarray(pixels))
    pictures[0].save(file, save_all=True, append_images=pictures[1:], duration=100, lossless=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, frames, step in (("slow", 8, 1), ("fast", 8, 6), ("long", 16, 1)):
        save_clip(tmp_path / f"{name}.webp", frames, step)
    lines = [json.dumps({"file_name": f"{name}.webp", "text": f"{name} square"}) for name in ("slow", "fast", "long")]
    (tmp_path / METADATA).write_text("\n".join(lines) + "\n")
    return tmp_path


def clips(folder: Path, **changes: object) -> ClipFolder:
    return ClipFolder(folder, **{"frames": 8, "size": 16, "edges": EDGES, **changes})  # type: ignore[arg-type]


def test_each_round_has_every_clip_once_with_its_caption_and_bucket(folder: Path) -> None:
    source = clips(folder)
    rounds = [source.batch(3) for _ in range(4)]
    for batch in rounds:
        assert sorted(batch.captions) == ["fast square", "long square", "slow square"]
        assert batch.frames.shape == (3, 8, 4, 16, 16)
        assert torch.equal(batch.bucket, bucket_of(motion_score(batch.frames), EDGES))
        slow, fast = (batch.captions.index(f"{name} square") for name in ("slow", "fast"))
        assert batch.bucket[fast] > batch.bucket[slow]
        assert batch.frame_rate[fast] < batch.frame_rate[slow]
    assert len({tuple(batch.captions) for batch in rounds}) > 1


def test_it_goes_on_where_it_stood(folder: Path) -> None:
    source, later = clips(folder), clips(folder)
    source.batch(2)
    later.load_state_dict(source.state_dict())
    expected, batch = source.batch(4), later.batch(4)
    assert batch.captions == expected.captions
    assert torch.equal(batch.frames, expected.frames)


def test_the_sticker_is_the_first_or_the_middle_frame(folder: Path) -> None:
    first, middle = clips(folder).batch(3).frames, clips(folder, shown="middle").batch(3).frames
    assert torch.equal(middle[:, 0], first[:, 4])
    assert torch.equal(middle.roll(4, 1), first)
    assert first[0, 0, :, 0, 0].tolist() == [-1, -1, -1, -1]  # transparent is black: colours are premultiplied


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 4: expected"),
        ('{"file_name": "slow.webp"}', "line 4: expected"),
        ('{"file_name": "gone.webp", "text": "a"}', "line 4: needs a text and an existing file"),
        ('{"file_name": "slow.webp", "text": 3}', "line 4: needs a text"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(folder: Path, line: str, complaint: str) -> None:
    with (folder / METADATA).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(SettingsError, match=complaint):
        clips(folder)


def test_a_clip_too_short_a_broken_one_and_a_folder_without_metadata_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"slow\.webp: 8 frames; a training clip needs 12 or more"):
        clips(folder, frames=12).batch(3)
    for name in ("slow", "fast", "long"):
        (folder / f"{name}.webp").write_bytes(b"RIFF")
    with pytest.raises(SettingsError, match=r"\.webp: not a clip"):
        clips(folder).batch(1)
    with pytest.raises(SettingsError, match=r"metadata\.jsonl: cannot be read"):
        clips(tmp_path / "elsewhere")
