from types import SimpleNamespace

import pytest

from kefu.service.services import Services


@pytest.mark.parametrize(("working", "is_backlogged"), [(0, False), (1, False), (2, True), (3, True)])
def test_as_many_messages_as_may_be_are_a_backlog(make_settings, working, is_backlogged):
    services = Services(make_settings(threads={"max_answers": 2}))
    assert not services.is_backlogged
    services.assistant = SimpleNamespace(desk=SimpleNamespace(working=working))
    assert services.is_backlogged is is_backlogged
    services.pictures.close()
