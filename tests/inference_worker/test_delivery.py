import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from kombu.exceptions import OperationalError

from inference_worker.app import app
from inference_worker.blobs import BlobStore
from inference_worker.delivery import Delivery, SampledClip
from inference_worker.encoding import EncodedClip, Frames, encode
from inference_worker.hands import Hands
from inference_worker.memory import Fitting
from inference_worker.messages import RESULT_TASK, RESULTS_QUEUE, ClipFailed, ClipReady, Generate, Heartbeat
from inference_worker.results import Results
from inference_worker.sampling import Sampler
from inference_worker.weights import Weights

MicroBatch = Callable[..., Generate]


class Broker:
    """Stands where Celery sends; `away` times it does not take a message."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, blobs: BlobStore) -> None:
        self.away = 0
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.on_record: list[bool] = []

        def send_task(name: str, *, args: list[Any], queue: str, **options: Any) -> None:
            assert (name, queue) == (RESULT_TASK, RESULTS_QUEUE)
            if self.away:
                self.away -= 1
                raise OperationalError("Connection refused")
            kind, data = args
            self.taken.append((kind, data))
            self.on_record.append("key" in data and blobs.get_record("results", data["key"]) == data)

        monkeypatch.setattr(app, "send_task", send_task)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.taken]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, blobs: BlobStore) -> Broker:
    return Broker(monkeypatch, blobs)


@pytest.fixture
def results(blobs: BlobStore, broker: Broker) -> Results:
    beat = Heartbeat(worker="w", worker_version="1", device="cpu", micro_batch=2, held=[])
    return Results(app=app, blobs=blobs, heartbeat=lambda: beat)


@pytest.fixture
def delivery(blobs: BlobStore, results: Results) -> Delivery:
    return Delivery(worker="w", hands=Hands(), blobs=blobs, results=results)


def sampled(message: Generate) -> SampledClip:
    frames = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 4), dtype=np.uint8)
    return SampledClip(
        request=message.requests[0],
        frames=frames,
        frame_rate=8,
        measure=lambda frames: {"frames": len(frames)},
        timings={"sample": 0.5},
        provenance={"device": "cpu"},
    )


def run_to_end(delivery: Delivery, results: Results) -> None:
    delivery.close()
    delivery.run()
    results.close()
    results.run()


def test_a_clip_is_on_record_before_it_is_said(
    delivery: Delivery, results: Results, blobs: BlobStore, broker: Broker, micro_batch: MicroBatch
) -> None:
    message = micro_batch(1, attempt=2)
    delivery.hands.take(message)
    delivery.put(sampled(message))
    run_to_end(delivery, results)
    assert broker.kinds() == ["Heartbeat", "ClipReady"]
    assert broker.on_record[1]
    ready = ClipReady.from_json(broker.taken[1][1])
    assert (ready.worker, ready.key, ready.attempt) == ("w", message.requests[0].key, 2)
    assert ready.media == {"frames": 8, "columns": 4, "cell": 32, "frame_rate": 8}
    assert all(blobs.get(name)[:4] == b"RIFF" for name in (ready.sheet, ready.animation, ready.master))
    assert ready.timings.keys() == {"sample", "encode", "store", "measure"}
    assert ready.metrics == {"frames": 8}
    assert ready.provenance.keys() == {"device", "worker_version"}
    assert delivery.hands.keys() == []
    assert delivery.clips_a_minute == 1


def test_the_first_record_stays_and_is_said(
    delivery: Delivery, results: Results, blobs: BlobStore, broker: Broker, micro_batch: MicroBatch
) -> None:
    message = micro_batch(1)
    first = ClipReady(
        worker="v", key=message.requests[0].key, attempt=1, sheet="s", animation="a", master="m", media={}
    )
    blobs.put_record("results", first.key, first.to_json())
    delivery.hands.take(message)
    delivery.put(sampled(message))
    run_to_end(delivery, results)
    assert broker.taken[1] == ("ClipReady", first.to_json())


def test_a_clip_dropped_while_it_waits_is_not_delivered(
    delivery: Delivery, results: Results, blobs: BlobStore, broker: Broker, micro_batch: MicroBatch
) -> None:
    message = micro_batch(1)
    delivery.hands.take(message)
    delivery.hands.next()
    delivery.put(sampled(message))
    delivery.hands.drop([message.requests[0].key])
    run_to_end(delivery, results)
    assert broker.kinds() == ["Heartbeat"]
    assert blobs.get_record("results", message.requests[0].key) is None


def test_a_store_that_is_full_fails_the_clip_but_not_for_good(
    delivery: Delivery,
    results: Results,
    broker: Broker,
    micro_batch: MicroBatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BlobStore, "put", full)
    message = micro_batch(1)
    delivery.hands.take(message)
    delivery.put(sampled(message))
    run_to_end(delivery, results)
    failure = ClipFailed.from_json(broker.taken[1][1])
    assert "No space left on device" in failure.error
    assert not failure.final
    assert delivery.hands.keys() == []


def test_messages_wait_in_order_for_a_broker_that_is_away(results: Results, broker: Broker) -> None:
    broker.away = 3
    sending = Thread(target=results.run)
    sending.start()
    for key in ("k1", "k2", "k3"):
        results.send(ClipFailed(worker="w", key=key, attempt=1, error="e"))
    until = time.monotonic() + 10
    while len(broker.taken) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    results.close()
    sending.join(5)
    assert [data["key"] for kind, data in broker.taken if kind == "ClipFailed"] == ["k1", "k2", "k3"]


def test_nobody_waits_for_a_broker_when_stopping(results: Results, broker: Broker) -> None:
    broker.away = 100
    results.send(ClipFailed(worker="w", key="k", attempt=1, error="e"))
    results.close()
    started = time.monotonic()
    results.run()
    assert time.monotonic() - started < 1


def test_heartbeats_come_in_between_many_messages(
    results: Results, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference_worker.results.HEARTBEAT_SECONDS", 0)
    for key in range(5):
        results.send(ClipFailed(worker="w", key=str(key), attempt=1, error="e"))
    results.close()
    results.run()
    assert broker.kinds().count("Heartbeat") >= 5


def test_the_next_micro_batch_is_sampled_while_one_is_encoded(
    delivery: Delivery, broker: Broker, micro_batch: MicroBatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled_again = Event()

    def encode_later(frames: Frames, *, frame_rate: float) -> EncodedClip:
        assert sampled_again.wait(60), "sampling waits for encoding"
        return encode(frames, frame_rate=frame_rate)

    monkeypatch.setattr("inference_worker.delivery.encode", encode_later)
    results, weights = delivery.results, Weights(cache=tmp_path / "cache", cache_bytes=10**9, base=tmp_path)
    sampler = Sampler(
        worker="w", hands=delivery.hands, blobs=delivery.blobs, weights=weights, report=results.send,
        deliver=delivery.put, fitting=Fitting(1),
    )  # fmt: skip
    delivering = Thread(target=delivery.run, daemon=True)
    delivering.start()
    for seed in (1, 2):
        delivery.hands.take(micro_batch(seed))
    for _ in range(2):
        message = delivery.hands.next()
        assert message is not None
        sampler.do(message)
    sampled_again.set()
    delivery.close()
    delivering.join(60)
    results.close()
    results.run()
    assert broker.kinds().count("ClipReady") == 2
