import logging

from kefu.engines.progress import show_progress


def test_all_items_come_through_and_a_log_tells_how_many_are_left(caplog):
    with caplog.at_level(logging.INFO):
        assert list(show_progress("abc", total=3, what="cleaning", every_seconds=0)) == ["a", "b", "c"]
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(",")[0] for line in lines] == ["cleaning: 1 of 3", "cleaning: 2 of 3"]


def test_a_quick_loop_is_silent(caplog):
    with caplog.at_level(logging.INFO):
        assert list(show_progress([], total=0, what="nothing")) == []
        assert list(show_progress([1], total=1, what="quick")) == [1]
    assert caplog.text == ""
