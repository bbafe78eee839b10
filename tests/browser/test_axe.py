"""axe finds nothing serious on any page: on a laptop and on a phone, light and dark."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotator.accounts.invitations import invite
from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import FlagKind
from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Batch, Clip, ClipState
from annotator.prompts.models import Import, ImportProblem, ImportState, Prompt
from annotator.releases.exports import ask_export
from annotator.releases.models import Layout
from annotator.releases.rule import Rule
from annotator.training.models import TrainingRun
from demo.machine import ROOT
from tests.annotator.actors import Actor, answer, open_batch, person
from tests.annotator.released import frozen
from tests.annotator.selected import Planted, compared, teacher
from tests.annotator.studio import METRICS
from tests.browser.conftest import Visit

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
ROUTES = ROOT / "frontend" / "src" / "routes.ts"
FORBIDDEN = {"serious", "critical"}

Visitor = Callable[..., Visit]
# How a page is opened and brought to a state, by its pattern in routes.ts and what is to be seen there.
Step = tuple[str, str, Callable[[], Page]]


def findings(page: Page) -> list[str]:
    """What axe calls serious or critical: rule, what it asks for, and the elements."""
    page.wait_for_load_state("networkidle")
    # Transitions are over: half faded in, a text has another contrast.
    page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))")
    page.evaluate(AXE.read_text())
    report: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{found['id']} ({found['impact']}): {found['help']}\n      "
        + "\n      ".join(
            f"{node['html'][:160]} — {node['failureSummary'].splitlines()[-1].strip()}" for node in found["nodes"]
        )
        for found in report["violations"]
        if found["impact"] in FORBIDDEN
    ]


@pytest.fixture
def judged(with_pictures: Callable[[Batch], Batch]) -> Batch:
    """A batch that is half judged, with a flag and a failed clip."""
    batch = with_pictures(open_batch(tasks=6, candidates=4, overlap=2, instructions="Share what makes you smile."))
    bela = Actor(person("bela"))
    hand = bela.lease(batch)["assignments"]
    for assignment in hand[:3]:
        bela.put(f"annotate/assignments/{assignment['id']}/", answer(assignment, 1))
    bela.flag(hand[3], FlagKind.UNCLEAR)
    for clip in batch.wanted_clips.all():
        clip.sticker = Prompt.objects.get(tasks__candidates__clip=clip).sticker
        clip.save()
    first, *_, last = batch.wanted_clips.order_by("pk")
    batch.wanted_clips.filter(pk=first.pk).update(metrics=METRICS)
    batch.wanted_clips.filter(pk=last.pk).update(state=ClipState.FAILED, error="the sampler gave NaN")
    return batch


def of_strangers(stranger: Visit, secret: str) -> Iterator[Step]:
    yield "/", "the front page", lambda: stranger.go("/")
    yield "/signin", "signing in", lambda: stranger.go("/signin")
    yield "/join/:secret", "an invitation", lambda: stranger.go(f"/join/{secret}")


def of_annotators(anna: Visit, batch: Batch) -> Iterator[Step]:
    page, path = anna.page, f"/annotate/{batch.public_id}"

    def at_work() -> Page:
        anna.go(path)
        expect(page.locator("canvas")).to_have_count(4)
        return page

    def pressed(key: str) -> Page:
        page.keyboard.press(key)
        return page

    def looked_back() -> Page:
        page.keyboard.press("Escape")
        before = page.locator("[data-assignment]").get_attribute("data-assignment")
        page.keyboard.press("0")
        page.keyboard.press("Enter")
        expect(page.locator(f"[data-assignment='{before}']")).to_have_count(0)
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_text("You judged this one.")).to_be_visible()
        return page

    def greeted() -> Page:
        anna.go(path)
        page.get_by_role("dialog").get_by_text(batch.instructions).wait_for()
        return page

    yield "/annotate", "the choice of batches", lambda: anna.go("/annotate?choose")
    yield "/annotate/:batch", "the instructions", greeted
    page.get_by_role("button", name="Start").click()
    yield "/annotate/:batch", "a task", at_work
    yield "/annotate/:batch", "a task with a pick", lambda: pressed("2")
    yield "/annotate/:batch", "keys and help", lambda: pressed("?")
    page.keyboard.press("Escape")
    yield "/annotate/:batch", "why to skip", lambda: pressed("s")
    page.keyboard.press("Escape")
    yield "/annotate/:batch", "what to flag", lambda: pressed("f")
    yield "/annotate/:batch", "a judged one", looked_back
    yield "/account", "the account", lambda: anna.go("/account")


def checked_import() -> Import:
    one = Import.objects.create(
        file="a.zip", file_name="spring.zip", set_name="Spring", created_by=User.objects.get(username="adam"),
        state=ImportState.CHECKED, rows=9, rows_read=9, good_rows=8, bad_rows=1,
    )  # fmt: skip
    ImportProblem.objects.create(of=one, place="row 4", column="caption", sentence="The caption is empty")
    return one


def shown(page: Page, text: str) -> Page:
    page.get_by_text(text).wait_for()
    return page


def pressed_set_aside(page: Page) -> Page:
    page.get_by_role("button", name="Set aside…").first.click()
    page.get_by_role("dialog").get_by_label("Why").wait_for()
    return page


def of_admins(adam: Visit, batch: Batch) -> Iterator[Step]:
    yield "/batches", "batches", lambda: adam.go("/batches")
    yield "/batches/new", "a new batch", lambda: adam.go("/batches/new")
    cloned = f"/batches/new?from={batch.pk}&clips=taken"
    yield "/batches/new", "a clone", lambda: shown(adam.go(cloned), "A clone of")
    yield "/batches/:id", "a batch", lambda: adam.go(f"/batches/{batch.pk}")
    adam.page.get_by_role("button", name="Add prompts").click()
    yield "/batches/:id", "more prompts for it", lambda: shown(adam.page, "No prompt is left to add")
    selection = f"/batches/{batch.pk}/selection"
    yield "/batches/:id/selection", "down-selection", lambda: shown(adam.go(selection), "The batch has no student.")
    yield "/checkpoints", "checkpoints", lambda: shown(adam.go("/checkpoints"), "Nothing was promoted yet.")
    yield "/queue", "the queue", lambda: adam.go("/queue")
    yield "/workers", "workers", lambda: adam.go("/workers")
    yield "/batches/:id", "its clips by checkpoint", lambda: adam.go(f"/batches/{batch.pk}?view=clips")
    compared = f"/batches/{batch.pk}?compare={batch.tasks.order_by('pk')[0].pk}"
    yield "/batches/:id", "a prompt compared", lambda: adam.go(compared)
    yield "/prompts", "prompt sets", lambda: adam.go("/prompts")
    yield "/prompts/:id", "a prompt set", lambda: adam.go(f"/prompts/{batch.prompt_set_id}")
    yield "/prompts/import", "an import to be", lambda: adam.go("/prompts/import")
    yield "/prompts/imports/:id", "what an import found", lambda: adam.go(f"/prompts/imports/{checked_import().pk}")
    clip = Clip.objects.filter(candidates__task__batch=batch)[0]
    scene = f"sticker={clip.sticker}&caption=up&models={clip.checkpoint_id}&seed=1&shown=1"
    yield "/playground", "the playground", lambda: adam.go("/playground")
    yield "/playground", "a clip that is waited for", lambda: adam.go(f"/playground?{scene}")
    yield "/labels", "labels", lambda: adam.go("/labels")
    yield "/people", "people", lambda: adam.go("/people")
    yield "/annotators", "how people judge", lambda: adam.go("/annotators")
    yield "/annotators", "setting somebody aside", lambda: pressed_set_aside(adam.page)
    yield "/disagreement", "disagreement", lambda: adam.go("/disagreement")
    yield "/audit", "the audit", lambda: shown(adam.go("/audit"), "made an account for adam")
    release = frozen("spring", User.objects.get(username="adam"))
    ask_export(release=release, rule=Rule(), layout=Layout.KWISE, by=release.created_by)
    run = TrainingRun.objects.create(
        name="student-1", recipe="distil", initial=Checkpoint.objects.all()[0], created_by=release.created_by,
        curve=[{"clips": 80 * n, "x0": 1 / n, "progress": n / 10, "seconds": n} for n in range(1, 9)],
    )  # fmt: skip
    yield "/releases", "releases and exports", lambda: shown(adam.go("/releases"), "Choices among k clips")
    yield "/releases/new", "a new release", lambda: shown(adam.go("/releases/new"), "Clips with a label")
    yield "/releases/:id", "a release", lambda: shown(adam.go(f"/releases/{release.public_id}"), "What pins it")
    lineage = f"/lineage/release/{release.public_id}"
    yield "/lineage/:kind/:key", "its lineage", lambda: shown(adam.go(lineage), "Led to")
    yield "/training", "training runs", lambda: shown(adam.go("/training"), "student-1")
    yield "/training/new", "a new training run", lambda: shown(adam.go("/training/new"), "More settings")
    yield "/training/:id", "a training run", lambda: shown(adam.go(f"/training/{run.public_id}"), "Losses")


def of_promoters(adam: Visit) -> Iterator[Step]:
    """Last, for its prompts have no pictures."""
    batch = compared(teacher("planted-teacher", 1.0, 4.0), Planted("planted-student", 0.5, 0.5), prompts=8)
    selection = f"/batches/{batch.pk}/selection"
    yield "/batches/:id/selection", "a student and its teacher", lambda: shown(adam.go(selection), "Dashed line")
    adam.page.get_by_role("button", name="Promote against the rule…").click()
    yield "/batches/:id/selection", "promoting it", lambda: shown(adam.page, "Why all the same")


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.timeout(600)
def test_nothing_serious_on_any_page(visit: Visitor, judged: Batch, phone: bool, scheme: str) -> None:
    adam: User = create_person(username="adam", role=Role.ADMIN)
    secret = invite(by=adam, role=Role.ANNOTATOR)[1]
    options = {"phone": phone, "color_scheme": scheme, "reduced_motion": "reduce"}
    steps = [
        *((step, findings(step[2]())) for step in of_strangers(visit(None, **options), secret)),
        *((step, findings(step[2]())) for step in of_annotators(visit(person("anna"), **options), judged)),
        *((step, findings(step[2]())) for step in of_admins(visit(adam, **options), judged)),
        *((step, findings(step[2]())) for step in of_promoters(visit(adam, **options))),
    ]
    found = [f"{pattern}, {name}:\n    " + "\n    ".join(told) for (pattern, name, _), told in steps if told]
    assert not found, "\n".join(found)
    patterns = set(re.findall(r'pattern: "([^"]+)"', ROUTES.read_text()))
    assert patterns == {pattern for (pattern, _, _), _ in steps}, "every page of routes.ts is looked at"


def test_axe_would_notice(visit: Visitor) -> None:
    page = visit(None).go("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate("document.querySelector('h1').style.color = '#d8d8d8'")
    page.evaluate("document.body.append(document.createElement('button'))")
    told = "\n".join(findings(page))
    assert "color-contrast" in told
    assert "button-name" in told
