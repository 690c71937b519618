"""Agents and their logins."""

from datetime import timedelta

import pytest

from kefu.service.storage import AgentExistsError, AgentStore, Role, UnknownAgentError
from kefu.service.storage.tables import now

LATER = timedelta(hours=12)


@pytest.fixture
def ann(agents: AgentStore) -> int:
    return agents.add("Ann", Role.ADMIN, "hash").id or 0


def test_an_agent_is_found_by_name(agents: AgentStore, ann: int) -> None:
    row = agents.find("Ann")
    assert row is not None
    assert (row.id, row.name, row.role, row.password_hash, row.active) == (ann, "Ann", Role.ADMIN, "hash", True)
    assert row.created_at.tzinfo is not None
    assert agents.agent(ann) == row
    assert agents.find("ann") is None
    assert agents.find("") is None
    assert agents.agent(ann + 1) is None


@pytest.mark.parametrize(
    ("name", "same"),
    [(" Zoë\t", "Zoe\u0308"), ("李雷", "李雷\u3000"), ("Bob", "B\0ob")],
    ids=["accent", "blank", "nul"],
)
def test_one_name_may_be_written_in_several_ways(agents: AgentStore, name: str, same: str) -> None:
    added = agents.add(name, Role.AGENT, "hash")
    assert agents.find(same) == added
    with pytest.raises(AgentExistsError):
        agents.add(same, Role.AGENT, "hash")


def test_a_name_is_taken_even_if_its_agent_is_disabled(agents: AgentStore, ann: int) -> None:
    agents.disable("Ann")
    with pytest.raises(AgentExistsError):
        agents.add("Ann", Role.AGENT, "other")
    assert [row.password_hash for row in agents.list()] == ["hash"]


def test_all_are_listed_by_name(agents: AgentStore, ann: int) -> None:
    agents.add("Zoe", Role.AGENT, "hash")
    agents.add("Bob", Role.AGENT, "hash")
    agents.disable("Bob")
    assert [(row.name, row.active) for row in agents.list()] == [("Ann", True), ("Bob", False), ("Zoe", True)]


def test_a_login_lasts_until_it_ends(agents: AgentStore, ann: int) -> None:
    assert agents.open_session(ann, "a" * 64, "csrf", now() + LATER)
    found = agents.find_session("a" * 64)
    assert found is not None
    agent, session = found
    assert (agent.name, session.csrf_token) == ("Ann", "csrf")
    assert agents.find_session("b" * 64) is None
    agents.delete_session("a" * 64)
    agents.delete_session("a" * 64)
    assert agents.find_session("a" * 64) is None


def test_a_login_expires(agents: AgentStore, ann: int) -> None:
    agents.open_session(ann, "old", "csrf", now() - timedelta(seconds=1))
    agents.open_session(ann, "new", "csrf", now() + LATER)
    assert agents.find_session("old") is None
    assert agents.find_session("new") is not None
    assert (agents.delete_expired_sessions(), agents.delete_expired_sessions()) == (1, 0)
    assert agents.find_session("new") is not None


def test_who_is_disabled_is_out_at_once(agents: AgentStore, ann: int) -> None:
    bob = agents.add("Bob", Role.AGENT, "hash").id or 0
    agents.open_session(ann, "a" * 64, "csrf", now() + LATER)
    agents.open_session(bob, "b" * 64, "csrf", now() + LATER)
    agents.disable("Ann")
    assert agents.find_session("a" * 64) is None
    assert agents.find_session("b" * 64) is not None
    assert not agents.open_session(ann, "c" * 64, "csrf", now() + LATER)
    agents.enable("Ann")
    assert agents.find_session("a" * 64) is None, "the old login is no more"
    assert agents.open_session(ann, "c" * 64, "csrf", now() + LATER)
    assert agents.find_session("c" * 64) is not None


def test_nobody_logs_in_as_nobody(agents: AgentStore) -> None:
    assert not agents.open_session(17, "a" * 64, "csrf", now() + LATER)


def test_a_new_password_ends_logins(agents: AgentStore, ann: int) -> None:
    agents.open_session(ann, "a" * 64, "csrf", now() + LATER)
    agents.set_password("Ann", "new")
    assert agents.find_session("a" * 64) is None
    assert [row.password_hash for row in agents.list()] == ["new"]


def test_a_hash_is_renewed_unless_the_password_was_replaced(agents: AgentStore, ann: int) -> None:
    agents.open_session(ann, "a" * 64, "csrf", now() + LATER)
    agents.rehash(ann, "hash", "stronger")
    assert agents.list()[0].password_hash == "stronger"
    agents.rehash(ann, "hash", "late")
    assert agents.list()[0].password_hash == "stronger"
    assert agents.find_session("a" * 64) is not None


def test_an_unknown_agent_is_said(agents: AgentStore) -> None:
    for call in (agents.disable, agents.enable, lambda name: agents.set_password(name, "hash")):
        with pytest.raises(UnknownAgentError):
            call("nobody")
