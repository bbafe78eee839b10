from collections.abc import Callable
from threading import Thread

from inference_worker.hands import Hands
from inference_worker.messages import Generate

MicroBatch = Callable[..., Generate]


def keys(message: Generate | None) -> list[str]:
    assert message is not None
    return [request.key for request in message.requests]


def test_micro_batches_come_in_the_order_taken(micro_batch: MicroBatch) -> None:
    hands = Hands()
    first, second = micro_batch(1, 2), micro_batch(3)
    hands.take(first)
    hands.take(second)
    assert hands.next() == first
    assert hands.next() == second
    assert hands.keys() == keys(first) + keys(second), "held until released"


def test_a_clip_sent_twice_is_begun_once_and_answers_for_the_newer_attempt(micro_batch: MicroBatch) -> None:
    hands = Hands()
    hands.take(micro_batch(1, 2))
    hands.take(micro_batch(2, 3, attempt=2))
    assert keys(hands.next()) == keys(micro_batch(1, 2))
    assert keys(hands.next()) == keys(micro_batch(3))
    one, two = keys(micro_batch(1, 2))
    assert (hands.release(one), hands.release(two)) == (1, 2)
    assert hands.release(two) is None


def test_a_dropped_clip_leaves_the_line_at_once(micro_batch: MicroBatch) -> None:
    hands = Hands()
    hands.take(micro_batch(1, 2))
    hands.take(micro_batch(3))
    hands.drop(keys(micro_batch(1, 3)))
    assert hands.keys() == keys(micro_batch(2))
    assert keys(hands.next()) == keys(micro_batch(2))


def test_a_clip_begun_is_marked_and_let_go_when_asked_about(micro_batch: MicroBatch) -> None:
    hands = Hands()
    hands.take(micro_batch(1, 2))
    begun = hands.next()
    hands.drop(keys(micro_batch(1)))
    assert hands.keys() == keys(micro_batch(2))
    assert begun is not None
    assert hands.any_wanted(begun.requests)
    assert [request.seed for request in hands.wanted(begun.requests)] == [2]
    hands.drop(keys(micro_batch(2)))
    assert not hands.any_wanted(begun.requests)


def test_a_dropped_clip_that_is_asked_for_again_is_wanted_again(micro_batch: MicroBatch) -> None:
    hands = Hands()
    hands.take(micro_batch(1))
    hands.next()
    hands.drop(keys(micro_batch(1)))
    hands.take(micro_batch(1, attempt=2))
    assert hands.release(*keys(micro_batch(1))) == 2


def test_a_drop_of_something_unknown_leaves_no_mark(micro_batch: MicroBatch) -> None:
    hands = Hands()
    hands.drop(keys(micro_batch(1)))
    hands.take(micro_batch(1))
    assert hands.keys() == keys(micro_batch(1))


def test_letting_go_names_what_is_not_answered_for(micro_batch: MicroBatch) -> None:
    hands = Hands()
    hands.take(micro_batch(1, 2))
    hands.next()
    hands.take(micro_batch(3))
    hands.drop(keys(micro_batch(1)))
    hands.release(*keys(micro_batch(2)))
    assert hands.let_go() == keys(micro_batch(3))
    assert hands.keys() == []


def test_closing_wakes_whoever_waits_and_keeps_what_waits(micro_batch: MicroBatch) -> None:
    hands = Hands()
    heard: list[Generate | None] = []
    waiting = Thread(target=lambda: heard.append(hands.next()))
    waiting.start()
    assert hands.seconds_left is None
    hands.close(5)
    waiting.join(5)
    assert heard == [None]
    hands.take(micro_batch(1))
    assert hands.next() is None
    assert hands.keys() == keys(micro_batch(1))
    assert hands.seconds_left is not None
    assert 4 < hands.seconds_left <= 5
