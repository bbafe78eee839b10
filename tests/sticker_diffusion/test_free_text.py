"""The paraphrases are new to the training captions, and the benchmark counts what clips show."""

import itertools
import json
from pathlib import Path

import pytest
import torch

from benchmarks import free_text
from benchmarks.free_text import NONE, Plan, pairs_of, read_wordings, report_of
from sticker_diffusion.animator import SamplerSettings
from sticker_diffusion.checkpoint import Description, Provenance, save_checkpoint
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.stickers import captions
from sticker_diffusion.stickers.captions import base_form, participle, third_person
from sticker_diffusion.stickers.clips import Pair
from sticker_diffusion.stickers.motions import DEFAULT_VERB, MOTIONS, VERBS
from sticker_diffusion.text import words_of
from tests.sticker_diffusion.stickers import held_out_bank

# They say nothing of a motion, wherever they stand in the phrases.
EMPTY = frozenset(
    words_of(
        """a all and away be by do doing down from get in into is it its of off on out over say says the then to up
        view with you each after left right spot slowly sky no yes take send brightly loud happily politely approvingly
        gently suddenly fast high top wind side around through like tight about along goodbye hello music arms back
        forth cold fear joy ground air rope little"""
    )
)


def said(verb: str) -> list[str]:
    motion = MOTIONS[verb]
    forms = [form(phrase) for phrase in motion.says for form in (base_form, participle, third_person)]
    return [*forms, *motion.with_things]


def trained_words(verb: str) -> set[str]:
    return {word for phrase in said(verb) for word in words_of(phrase)} - EMPTY


WORDINGS = [wording for wording in read_wordings() if wording.kind != NONE]


def trained_captions() -> set[str]:
    patterns = (*captions._NAMED, *captions._NAMELESS, *captions._NAMED_THING, *captions._STILL)
    made = set()
    for verb in VERBS:
        motion = MOTIONS[verb]
        phrases = [(base_form(p), participle(p), third_person(p)) for p in motion.says]
        for pattern, mood in itertools.product(patterns, captions._MOODS):
            for do, doing, does in phrases:
                for thing in motion.with_things:
                    made.add(pattern.format(name="x", mood=mood, do=do, doing=doing, does=does, thing=thing))
    return made


def test_every_verb_has_eight_paraphrases_or_more_and_there_are_captions_without_a_verb() -> None:
    for verb in VERBS:
        kinds = [wording.kind for wording in WORDINGS if wording.verb == verb]
        assert len(kinds) >= 8, verb
        assert set(kinds) == {"sentence", "form", "synonym"}
    assert sum(wording.kind == NONE for wording in read_wordings()) >= 10


def test_no_paraphrase_is_a_training_caption() -> None:
    trained = trained_captions()
    assert not {wording.text for wording in WORDINGS if wording.text.replace("{name}", "x") in trained}


def test_a_sentence_has_a_trained_word_of_its_verb_and_the_others_have_none_of_any() -> None:
    trained = {verb: trained_words(verb) for verb in VERBS}
    every = set.union(*trained.values())
    for wording in WORDINGS:
        words = set(words_of(wording.text.replace("{name}", "")))
        if wording.kind == "sentence":
            assert words & trained[wording.verb], wording
        else:
            assert not words & every, wording


def test_a_verb_that_nobody_knows_is_named(tmp_path: Path) -> None:
    file = tmp_path / "paraphrases.toml"
    file.write_text('[flying]\nsynonym = ["{name} flies"]\n')
    with pytest.raises(ValueError, match=r"\[flying\] is no verb"):
        read_wordings(file)


def test_shares_are_counted_by_class_and_misses_are_named() -> None:
    def pair(verb: str, caption: str) -> Pair:
        return Pair("🦀", "crab", verb, caption, 0)

    pairs = [
        ("form", pair("jumping", "a jumpy crab")),
        ("form", pair("jumping", "jumpin crab")),
        (NONE, pair(DEFAULT_VERB, "crab")),
    ]
    report = report_of(pairs, ["jumping", "bouncing", DEFAULT_VERB])
    assert report["classes"]["form"] == {"captions": 2, "recognised": 0.5}
    assert report["classes"][NONE]["recognised"] == 1
    assert report["classes"]["synonym"]["recognised"] is None
    assert report["by_verb"]["jumping"]["form"] == 0.5
    assert report["missed"] == {"jumpin crab": {"class": "form", "meant": "jumping", "shown": "bouncing"}}


def test_every_caption_gets_a_held_out_sticker_and_its_name() -> None:
    pairs = pairs_of(held_out_bank(), read_wordings(), Plan(trained=1, stride=1, stickers=5))
    assert len(pairs) == len(read_wordings()) + len(VERBS)
    assert len({pair.character for _, pair in pairs}) == 5
    assert all(pair.caption and "{" not in pair.caption for _, pair in pairs)


def test_any_caption_can_be_read(tiny_network: AnimationNetwork) -> None:
    texts = [wording.text for wording in read_wordings()]
    assert tiny_network.text(texts).states.isfinite().all()


def test_the_last_line_is_the_report(
    tmp_path: Path,
    tiny_architecture: Architecture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    description = Description(
        format_version=1,
        name="tiny",
        architecture=tiny_architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(float(i) for i in range(15)),
        sampler=SamplerSettings(dtype="float32"),
        provenance=Provenance(),
    )
    save_checkpoint(tmp_path / "tiny", network=AnimationNetwork(tiny_architecture), description=description, card="#\n")
    monkeypatch.setattr(free_text, "WHOLE", Plan(trained=0, stride=80, stickers=1))
    monkeypatch.setattr(free_text, "STEPS", 1)
    monkeypatch.delenv("SMALL", raising=False)
    assert free_text.main([str(tmp_path / "tiny")]) == 0
    report = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert report["report"] == "free_text"
    measured = report["checkpoints"]["tiny"]
    assert measured["captions"] == sum(row["captions"] for row in measured["classes"].values()) >= 2
    assert len(measured["missed"]) <= measured["captions"]
