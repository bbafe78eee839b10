"""A request's settings: a setting added later leaves the keys of older clips alone."""

import dataclasses
import typing

import pytest
from django.core.exceptions import ValidationError

from annotator.generation.sampler_settings import SETTINGS, Choice, merged
from inference_worker.messages import request_key
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.settings import read_settings


def key_of(given: dict[str, object], defaults: dict[str, object]) -> str:
    settings = merged(given=given, defaults=defaults)
    return request_key(checkpoint="c", caption="a dog", sticker="s.png", settings=settings, seed=1)


def test_the_default_request_has_the_key_it_had_before_there_were_solvers() -> None:
    before = {
        "steps": 8,
        "text_scale": 1.0,
        "image_scale": 1.0,
        "rescale": 0.0,
        "bucket": 8,
        "frame_rate": 8,
        "frames": 8,
        "size": 320,
        "dtype": "bfloat16",
        "compile": False,
    }
    expected = request_key(checkpoint="c", caption="a dog", sticker="s.png", settings=before, seed=1)
    assert key_of({}, {}) == expected
    assert key_of({"solver": "dpm++"}, {"solver": "ddim"}) == expected
    assert key_of({}, {"solver": "dpm++", "cuda_graphs": False}) == expected


def test_another_solver_is_another_request_and_reaches_the_sampler() -> None:
    assert key_of({"solver": "ddim"}, {}) != key_of({}, {})
    settings = merged(given={}, defaults={"solver": "unipc"})
    assert read_settings(SamplerSettings, settings, where="settings").solver == "unipc"
    with pytest.raises(ValidationError, match=r"one of dpm\+\+, ddim, unipc"):
        merged(given={"solver": "euler"}, defaults={})


def test_the_web_s_names_choices_and_defaults_are_the_sampler_s() -> None:
    hints = typing.get_type_hints(SamplerSettings)
    sampler = {field.name: field.default for field in dataclasses.fields(SamplerSettings)}
    for name, kind in SETTINGS.items():
        assert kind.default == sampler[name], name
        if isinstance(kind, Choice):
            assert set(kind.among) == set(typing.get_args(hints[name])), name
