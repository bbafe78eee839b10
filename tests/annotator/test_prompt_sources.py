"""What a researcher has may be a table, a zip, or a folder: each becomes prompts, or a reason."""

import json
from io import StringIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from annotator.accounts.models import User
from annotator.prompts.models import Prompt
from annotator.prompts.reading import split_of
from inference_worker.blobs import BlobStore
from tests.annotator.stickers import drawn, encoded

pytestmark = pytest.mark.usefixtures("researcher", "blobs")
DOG = encoded()
CAT = encoded(drawn(size=(80, 80)))


def imported(source: Path, **options: object) -> str:
    printed = StringIO()
    call_command("import_prompts", source, set="Spring", stdout=printed, **options)
    return printed.getvalue()


def refused(source: Path, **options: object) -> list[str]:
    with pytest.raises(CommandError) as told:
        imported(source, **options)
    assert Prompt.objects.count() == 0
    return str(told.value).splitlines()[1:]


def captions() -> list[str]:
    return sorted(Prompt.objects.values_list("caption", flat=True))


def zipped(place: Path, files: dict[str, bytes]) -> Path:
    with ZipFile(place / "in.zip", "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return place / "in.zip"


def lines(*rows: object) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def test_an_image_folder_of_hugging_face(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "1.png").write_bytes(DOG)
    (tmp_path / "train" / "2.png").write_bytes(CAT)
    rows = lines({"file_name": "1.png", "text": "a dog", "width": 64}, {"file_name": "2.png", "caption": "a cat"})
    (tmp_path / "train" / "metadata.jsonl").write_bytes(rows)
    assert imported(tmp_path) == "Spring: 2 prompts added, 0 were there already.\n"
    assert captions() == ["a cat", "a dog"]


@pytest.mark.parametrize("table", ["prompts.csv", "in/metadata.jsonl"])
def test_a_zip_with_a_table(tmp_path: Path, table: str) -> None:
    text = (
        b"caption,sticker\na dog,1.png\n" if table.endswith("csv") else lines({"text": "a dog", "file_name": "1.png"})
    )
    folder = table.rpartition("/")[0]
    imported(zipped(tmp_path, {table: text, f"{folder}/1.png".lstrip("/"): DOG}))
    assert captions() == ["a dog"]


def test_images_alone_are_captioned_by_their_names_and_it_is_said(tmp_path: Path) -> None:
    said = imported(zipped(tmp_path, {"happy_dog-jumping.png": DOG, "more/a cat.png": CAT, "__MACOSX/x.png": b""}))
    assert captions() == ["a cat", "happy dog jumping"]
    assert "each caption is its file's name in words" in said


def test_bad_lines_of_json_are_told(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(DOG)
    file = tmp_path / "rows.jsonl"
    good = lines({"caption": "a dog", "sticker": "1.png"})
    file.write_bytes(
        b"\n".join([good, b"{", b"[]", lines({"caption": "x"}), lines({"caption": 3, "sticker": "1.png"})])
    )
    problems = refused(file)
    assert [problem[:24] for problem in problems[:2]] == ["row 2: it is not JSON: E", "row 3: it is not a JSON "]
    assert problems[2:] == ["row 4: column sticker is absent", "row 5: column caption: 3 is not text: put it in quotes"]


def test_a_zip_can_neither_lead_out_nor_burst(tmp_path: Path) -> None:
    table = b"caption,sticker\nup,../1.png\nroot,/etc/passwd\nbomb,bomb.png\n"
    problems = refused(zipped(tmp_path, {"t.csv": table, "../1.png": DOG, "bomb.png": b"\0" * 200_000_000}))
    assert problems == [
        "row 2, column sticker: '../1.png' leads out of the zip: name a file inside it",
        "row 3, column sticker: '/etc/passwd' leads out of the zip: name a file inside it",
        "row 4, column sticker: The file has 8.0 MB: at most 8 MB are taken",
    ]


def test_what_is_no_zip_or_has_two_tables_is_refused(tmp_path: Path) -> None:
    assert "has several tables" in refused(zipped(tmp_path, {"a.csv": b"", "b.csv": b""}))[0]
    (tmp_path / "in.zip").write_bytes(b"hello")
    assert refused(tmp_path / "in.zip") == ["in.zip is no zip: File is not a zip file"]
    assert "has no image" in refused(zipped(tmp_path, {"read.me": b"hello"}))[0]


def test_a_photo_is_taken_only_by_choice(tmp_path: Path) -> None:
    (tmp_path / "beach.png").write_bytes(encoded(Image.new("RGB", (64, 64), "red")))
    (tmp_path / "hill.jpg").write_bytes(encoded(drawn("RGB"), "JPEG"))
    problems = refused(tmp_path)
    assert "file beach.png, column sticker: The image has no transparency" in problems[0]
    assert "file hill.jpg, column sticker" in problems[1]
    imported(tmp_path, accept_photos=True)
    assert captions() == ["beach", "hill"]


def test_good_rows_only_leaves_the_bad_ones_out_and_says_so(tmp_path: Path) -> None:
    archive = zipped(tmp_path, {"a dog.png": DOG, "broken.png": b"hello"})
    said = imported(archive, good_rows_only=True)
    assert captions() == ["a dog"]
    assert "Left out:\nfile broken.png, column sticker: This is not" in said


def test_a_sticker_falls_on_the_same_side_whatever_its_caption(tmp_path: Path) -> None:
    table = b"caption,sticker\n" + b"".join(b"caption %d,%d.png\n" % (n, n % 5) for n in range(20))
    images = {f"{n}.png": encoded(drawn(size=(40 + 4 * n, 40 + 4 * n))) for n in range(5)}
    imported(zipped(tmp_path, {"t.csv": table, **images}), heldout_share=0.5)
    sides = {(prompt.sticker, prompt.split) for prompt in Prompt.objects.all()}
    assert len(sides) == 5


def test_the_share_is_about_what_was_asked_for(researcher: User, blobs: BlobStore) -> None:
    heldout = [split_of(f"{n * 2**32 // 1000:08x}", heldout_share=0.2) for n in range(1000)].count("heldout")
    assert 199 <= heldout <= 201
    with pytest.raises(CommandError, match="from 0 to 1"):
        call_command("import_prompts", "x.csv", set="Spring", heldout_share=1.5)
