from inference_worker.memory import TRIED_AGAIN_AFTER, Fitting, main_memory_mb


def test_what_ran_out_of_memory_is_halved_by_grouping_and_tried_again_later() -> None:
    fitting = Fitting(16)
    assert fitting.halve("large", tried=16) == 8
    assert fitting.halve("large", tried=8) == 4
    assert (fitting.at_once("large"), fitting.at_once("small")) == (4, 16)
    for _ in range(TRIED_AGAIN_AFTER - 1):
        fitting.went_well("large")
        fitting.went_well("small")
    assert fitting.at_once("large") == 4
    fitting.went_well("large")
    assert fitting.at_once("large") == 8
    fitting.halve("large", tried=8)
    for _ in range(2 * TRIED_AGAIN_AFTER):
        fitting.went_well("large")
    assert fitting.at_once("large") == 16


def test_one_clip_is_the_least() -> None:
    assert Fitting(2).halve("large", tried=1) == 1


def test_memory_is_that_of_the_process_and_of_the_machine() -> None:
    used, total = main_memory_mb()
    assert 10 < used < total
