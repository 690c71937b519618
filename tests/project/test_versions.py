"""The lock covers everything that the package asks for, and the versions written in several places agree."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import kefu

ROOT = Path(__file__).parents[2]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = {
    canonicalize_name(name): Version(version)
    for name, version in (
        line.split("==") for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    )
}
INSTALLER = {"pip", "setuptools", "wheel"}  # no part of a lock


def asked_for() -> list[Requirement]:
    """Return what ``kefu[dev]`` asks for itself."""
    project = CONFIGURATION["project"]
    pending = [Requirement(line) for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]]
    found = []
    while pending:
        requirement = pending.pop()
        if requirement.name == "kefu":
            pending += [Requirement(x) for extra in requirement.extras for x in project["optional-dependencies"][extra]]
        else:
            found.append(requirement)
    return found


def test_the_lock_holds_exact_public_versions() -> None:
    assert {name for name, version in LOCK.items() if version.local or version.is_prerelease} == set()
    assert "kefu" not in LOCK


def test_the_lock_satisfies_every_dependency() -> None:
    unmet = [
        str(requirement)
        for requirement in asked_for()
        if not requirement.specifier.contains(LOCK.get(canonicalize_name(requirement.name), Version("0")))
    ]
    assert unmet == []


def test_the_lock_covers_what_the_dependencies_need() -> None:
    missing = set()
    pending = [(requirement.name, frozenset(requirement.extras)) for requirement in asked_for()]
    seen = set()
    while pending:
        name, extras = key = pending.pop()
        if key in seen or canonicalize_name(name) in INSTALLER:
            continue
        seen.add(key)
        try:
            needs = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:
            continue  # for another platform
        if canonicalize_name(name) not in LOCK and not re.match("nvidia-|cuda-|triton", name):
            missing.add(name)
        pending += [
            (need.name, frozenset(need.extras))
            for need in needs
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras | {""})
        ]
    assert missing == set()


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == kefu.__version__


def test_the_kedro_of_the_project_is_the_locked_one() -> None:
    assert Version(CONFIGURATION["tool"]["kedro"]["kedro_init_version"]) == LOCK["kedro"]
