from types import SimpleNamespace

from kefu.service.services import Services


def test_messages_at_work_are_those_of_the_assistant(make_settings):
    services = Services(make_settings())
    assert services.messages_at_work == 0
    services.assistant = SimpleNamespace(desk=SimpleNamespace(working=3))
    assert services.messages_at_work == 3
    services.pictures.close()
