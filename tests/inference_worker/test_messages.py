import dataclasses
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.messages import (
    RESULT_TYPES,
    VERSION,
    ClipFailed,
    ClipRequest,
    Generate,
    Heartbeat,
    MessageError,
    grouping_key,
    request_key,
)

REQUEST = {"checkpoint": "c" * 64, "caption": "a dog", "sticker": "s.png", "settings": {"steps": 8}, "seed": 1}


def test_a_message_survives_the_wire() -> None:
    clip = ClipRequest(key="k", caption="a 🐶 jumping", sticker="s.png", seed=2**63, attempt=2)
    sent = Generate(engine="sticker_diffusion", checkpoint="c", uri="u", settings={"steps": 8}, clips=[clip.to_json()])
    received = Generate.from_json(json.loads(json.dumps(sent.to_json())))
    assert received == sent
    assert received.requests == [clip]
    assert received.version == VERSION


def test_unknown_fields_are_logged_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    data = {**ClipFailed(worker="w", key="k", attempt=1, error="e").to_json(), "version": 9, "mood": "sad"}
    with caplog.at_level(logging.WARNING):
        message = ClipFailed.from_json(data)
    assert message == ClipFailed(version=9, worker="w", key="k", attempt=1, error="e")
    assert "mood" in caplog.text


def test_a_missing_field_is_named() -> None:
    with pytest.raises(MessageError, match=r"ClipFailed: the fields \['error', 'key'\] are missing"):
        ClipFailed.from_json({"worker": "w", "attempt": 1})


def test_fields_with_a_default_may_be_missing() -> None:
    data = {"worker": "w", "worker_version": "1", "device": "cpu", "micro_batch": 2, "held": []}
    assert Heartbeat.from_json(data).stopping is False


def test_every_result_is_found_by_its_name() -> None:
    assert all(dataclasses.is_dataclass(kind) and kind.__name__ == name for name, kind in RESULT_TYPES.items())


def test_the_order_of_settings_does_not_change_a_key() -> None:
    one = {"steps": 8, "size": 320}
    other = {"size": 320, "steps": 8}
    assert request_key(**{**REQUEST, "settings": one}) == request_key(**{**REQUEST, "settings": other})
    assert grouping_key(checkpoint="c", settings=one) == grouping_key(checkpoint="c", settings=other)


@given(
    field=st.sampled_from(["checkpoint", "caption", "sticker"]),
    value=st.text(),
    seed=st.integers(0, 2**63),
    steps=st.integers(),
)
def test_whatever_differs_gives_another_key(field: str, value: str, seed: int, steps: int) -> None:
    assert (request_key(**REQUEST) == request_key(**{**REQUEST, field: value})) == (REQUEST[field] == value)
    assert (request_key(**REQUEST) == request_key(**{**REQUEST, "seed": seed})) == (seed == 1)
    assert (request_key(**REQUEST) == request_key(**{**REQUEST, "settings": {"steps": steps}})) == (steps == 8)
