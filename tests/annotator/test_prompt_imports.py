import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotator.accounts.models import User
from annotator.prompts.models import Prompt, PromptSet
from inference_worker.blobs import BlobStore
from tests.annotator.stickers import encoded, png_header


@pytest.fixture
def folder(tmp_path: Path, blobs: BlobStore, researcher: User) -> Path:
    """A folder with two good stickers and several bad files, and somebody to own the set."""
    place = tmp_path / "spring"
    (place / "images").mkdir(parents=True)
    (place / "images" / "dog.png").write_bytes(encoded())
    (place / "images" / "cat.webp").write_bytes(encoded(kind="WEBP"))
    (place / "text.png").write_text("I am a text file")
    (place / "bomb.png").write_bytes(png_header(30_000, 30_000))
    (place / "cut.png").write_bytes(encoded()[:-60])
    (tmp_path / "outside.png").write_bytes(encoded())
    (place / "link.png").symlink_to(tmp_path / "outside.png")
    return place


def imported(folder: Path, text: str | bytes, **options: str) -> str:
    file = folder / "prompts.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    printed = StringIO()
    call_command("import_prompts", file, set="Spring", stdout=printed, **options)
    return printed.getvalue()


def refused(folder: Path, text: str | bytes) -> list[str]:
    """What is said of a file of which nothing may be stored."""
    with pytest.raises(CommandError) as told:
        imported(folder, text)
    assert PromptSet.objects.count() == 0
    first, *problems = str(told.value).splitlines()
    assert first == "Nothing was imported:"
    return problems


def test_a_file_becomes_a_set(folder: Path) -> None:
    rows = [
        "caption,sticker,external_id,split",
        "a dog jumping,images/dog.png,d1,",
        '"a cat, waving",images/cat.webp,c1,heldout',
    ]
    said = imported(folder, "\n".join(rows), licence="CC0", description="for spring")
    assert said == "Spring: 2 prompts added, 0 were there already.\n"
    made = PromptSet.objects.get()
    assert (made.licence, made.description, made.created_by.username) == ("CC0", "for spring", "rosa")
    assert list(made.prompts.order_by("id").values_list("external_id", "caption", "split")) == [
        ("d1", "a dog jumping", "hitl"),
        ("c1", "a cat, waving", "heldout"),
    ]


def test_a_spreadsheets_own_csv_is_read(folder: Path) -> None:
    imported(folder, b"\xef\xbb\xbfcaption,sticker\r\nein H\xc3\xbcndchen,images/dog.png\r\n")
    assert Prompt.objects.get().caption == "ein Hündchen"


def test_importing_again_adds_only_what_is_new(folder: Path) -> None:
    rows = "caption,sticker\na dog,images/dog.png\n"
    imported(folder, rows)
    assert imported(folder, rows) == "Spring: 0 prompts added, 1 were there already.\n"
    assert imported(folder, rows + "a cat,images/cat.webp\n") == "Spring: 1 prompts added, 1 were there already.\n"


def test_an_id_that_means_something_else_already_is_refused(folder: Path) -> None:
    imported(folder, "caption,sticker,external_id\na dog,images/dog.png,1\n")
    with pytest.raises(CommandError, match=r"row 3, column external_id: '1' is in the set with another caption"):
        imported(folder, "caption,sticker,external_id\na cat,images/cat.webp,2\na fox,images/dog.png,1\n")
    assert Prompt.objects.count() == 1


def test_every_bad_row_is_told_and_no_good_one_stored(folder: Path) -> None:
    problems = refused(
        folder,
        "caption,sticker,external_id,split\n"
        "a good one,images/dog.png,1,hitl\n"
        f"{'x' * 10_000},images/dog.png,2,hitl\n"
        ",text.png,3,hitl\n"
        "a bomb,bomb.png,4,hitl\n"
        "cut short,cut.png,5,test\n"
        "gone,images/gone.png,6,hitl\n"
        "up,../outside.png,7,hitl\n"
        "up,/etc/passwd,8,hitl\n"
        "by a link,link.png,9,hitl\n"
        "a folder,images,10,hitl\n"
        "no sticker,,11,hitl\n"
        "twice,images/dog.png,1,hitl\n",
    )
    assert problems == [
        "row 3, column caption: The caption has 10,000 characters: at most 300 are taken",
        "row 4, column caption: The caption is empty: say what the sticker shall do",
        "row 4, column sticker: This is not a PNG, WebP or GIF image, whatever its name says",
        "row 5, column sticker: The image is far too large: at most 4096 pixels a side are taken",
        "row 6, column sticker: The image is damaged or cut short: image file is truncated",
        "row 6, column split: 'test' is no split: hitl or heldout is expected",
        "row 7, column sticker: There is no file 'images/gone.png' beside the CSV file",
        "row 8, column sticker: '../outside.png' leads out of the CSV file's folder: put the image beside the CSV file",
        "row 9, column sticker: '/etc/passwd' leads out of the CSV file's folder: put the image beside the CSV file",
        "row 10, column sticker: 'link.png' leads out of the CSV file's folder: put the image beside the CSV file",
        "row 11, column sticker: 'images' cannot be read: Is a directory",
        "row 12, column sticker: It is empty: the image's file is expected, relative to the table",
        "row 13, column external_id: '1' is that of row 2: each prompt comes once",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            "caption,image\na,b\n", "row 1: the header is caption, image; the columns are caption and", id="column"
        ),
        pytest.param("caption,caption,sticker\na,b,c\n", "once each", id="twice"),
        pytest.param("", "the header is empty", id="empty"),
        pytest.param("caption,sticker\n", "a header and no rows", id="no-rows"),
        pytest.param("caption,sticker\na dog\n", "row 2: it has more or fewer fields", id="few"),
        pytest.param("caption,sticker\na,b,c\n", "row 2: it has more or fewer fields", id="many"),
        pytest.param('caption,sticker\n"a dog,images/dog.png\n', "row 2: not CSV", id="quote"),
        pytest.param(
            f"caption,sticker\n{'x' * 200_000},y\n", "row 2: not CSV as it should be: field larger", id="long"
        ),
        pytest.param(b"caption,sticker\n\xff\xfe,images/dog.png\n", "not UTF-8", id="encoding"),
        pytest.param("caption,sticker\na dog,images/d\0g.png\n", "row 2", id="nul"),
        pytest.param(
            "caption,sticker\nsame,images/dog.png\nsame,images/dog.png\n", "row 3.*the same as row 2", id="same"
        ),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(folder: Path, text: str | bytes, sentence: str) -> None:
    problems = refused(folder, text)
    assert len(problems) == 1

    assert re.search(sentence, problems[0])


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv cannot be read: No such file"):
        call_command("import_prompts", folder / "nowhere.csv", set="Spring")


def test_a_set_needs_an_owner(folder: Path, annotator: User) -> None:
    with pytest.raises(CommandError, match="no active admin or researcher 'anna'"):
        imported(folder, "caption,sticker\na dog,images/dog.png\n", owner="anna")
    User.objects.update(role="annotator")
    with pytest.raises(CommandError, match="create_user NAME --role admin"):
        imported(folder, "caption,sticker\na dog,images/dog.png\n")
