"""A researcher downloads a clip, and a browser shows what messengers get: moving, looping, clear around."""

from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.generation.models import Batch, Clip
from tests.annotator.actors import open_batch
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]

ALPHAS = """const alphas = (picture, width, height) => {
    const canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    canvas.drawImage(picture, 0, 0);
    const alpha = (part) => canvas.getImageData(width * part, height * part, 1, 1).data[3];
    return { corner: alpha(0), middle: alpha(0.5) };
  };"""
DECODE_IMAGE = f"""async (address) => {{
  {ALPHAS}
  const answer = await fetch(address);
  const type = answer.headers.get("Content-Type");
  const decoder = new ImageDecoder({{ data: await answer.arrayBuffer(), type }});
  await Promise.all([decoder.completed, decoder.tracks.ready]);
  const {{ frameCount, repetitionCount }} = decoder.tracks.selectedTrack;
  const {{ image }} = await decoder.decode({{ frameIndex: frameCount - 1 }});
  const seen = alphas(image, image.displayWidth, image.displayHeight);
  return {{ frames: frameCount, forever: repetitionCount === Infinity, ...seen }};
}}"""
PLAY_VIDEO = f"""async (address) => {{
  {ALPHAS}
  const video = Object.assign(document.createElement("video"), {{ src: address, muted: true }});
  await new Promise((resolve, reject) => {{
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error(video.error.message));
  }});
  const {{ duration, videoWidth, videoHeight }} = video;
  return {{ seconds: duration, width: videoWidth, ...alphas(video, videoWidth, videoHeight) }};
}}"""


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


@pytest.fixture
def batch(rosa: User, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return with_pictures(open_batch(tasks=1, candidates=2))


@pytest.fixture
def clip(batch: Batch) -> Clip:
    return Clip.objects.order_by("pk")[0]


def menu_of(page: Page, clip: Clip) -> None:
    page.get_by_role("button", name=f"Download “{clip.caption}”, seed {clip.seed}", exact=True).click()


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_a_clip_is_downloaded_for_a_messenger(visit: Visitor, rosa: User, batch: Batch, clip: Clip, phone: bool):
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{batch.pk}?view=clips")
    menu_of(page, clip)
    menu = page.get_by_role("dialog", name="Download")
    expect(menu.get_by_role("listitem")).to_have_count(10)
    with page.expect_download() as download:
        menu.get_by_role("button", name="Discord sticker APNG, 320 px, up to 512 kB").click()
    assert download.value.suggested_filename == "a-sticker-number-0-jumping-discord.png"
    with Image.open(download.value.path()) as image:
        assert (image.format, image.size, image.n_frames) == ("PNG", (320, 320), 8)
    expect(menu.get_by_role("status")).to_have_text("Downloaded.")
    browser.check()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)


def test_what_cannot_be_made_is_said_in_the_menu(visit: Visitor, rosa: User, batch: Batch, clip: Clip):
    Clip.objects.update(master=f"{'0' * 64}.webp")
    page = visit(rosa).go(f"/batches/{batch.pk}?view=clips")
    menu_of(page, clip)
    page.get_by_role("button", name="GIF").click()
    expect(page.get_by_role("alert")).to_contain_text("The frames of this clip are lost")


@pytest.mark.parametrize("target", ["whatsapp", "signal", "avif", "gif"])
def test_the_browser_shows_an_image_that_loops(visit: Visitor, rosa: User, clip: Clip, target: str):
    page = visit(rosa).go("/account")
    seen = page.evaluate(DECODE_IMAGE, f"/api/v1/clips/{clip.key}/files/{target}/")
    assert seen == {"frames": 8, "forever": True, "corner": 0, "middle": 255}


def test_the_browser_shows_a_video_through_which_the_page_is_seen(visit: Visitor, rosa: User, clip: Clip):
    page = visit(rosa).go("/account")
    seen = page.evaluate(PLAY_VIDEO, f"/api/v1/clips/{clip.key}/files/telegram/")
    assert seen == {"seconds": 3, "width": 512, "corner": 0, "middle": 255}
