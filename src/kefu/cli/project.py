"""The kefu project around the working directory: its environments, parameters and model."""

import logging
import os
import sys
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any, cast

from kefu.tickets.errors import KefuError, did_you_mean


@contextmanager
def open_project(environment: str | None, params: Mapping[str, Any] | None = None) -> Iterator[Any]:
    """Yield Kedro's context of the project around the working directory, or None outside of one.

    Meanwhile its folder is the working directory, as paths in parameters are relative to it. ``params`` are what
    ``--params`` would give.

    Raises:
        KefuError: an environment was asked for that does not exist.
    """
    root = _find_project()
    if root is None:
        if environment:
            raise KefuError(f"--env {environment}: there is no kefu project around {Path.cwd()}; change into one")
        yield None
        return
    require_environment(root / "conf", environment)
    # Kedro looks for it in the working directory only, and is talkative without
    os.environ.setdefault("KEDRO_LOGGING_CONFIG", str(root / "conf" / "logging.yml"))
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(root)
    session_of = KedroSession.create(project_path=root, env=environment, runtime_params=dict(params or {}))
    with chdir(root), session_of as session:
        yield cast(KedroSession, session).load_context()


def require_project() -> Path:
    """Return the folder of the project around the working directory.

    Raises:
        KefuError: there is none.
    """
    root = _find_project()
    if root is None:
        raise KefuError(f"there is no kefu project around {Path.cwd()}; change into one")
    return root


def _find_project() -> Path | None:
    from kedro.utils import find_kedro_project

    root = find_kedro_project(Path.cwd())
    if root is None:
        return None
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    return root if settings["tool"]["kedro"].get("package_name") == "kefu" else None


def require_environment(conf: Path, environment: str | None) -> None:
    """Check that an environment, given or in ``KEDRO_ENV``, is a folder of ``conf``.

    Raises:
        KefuError: it is not; the message lists those there are.
    """
    from kefu.config_loader import PRESETS, SHOPS

    name = environment or os.environ.get("KEDRO_ENV")
    if not name or not conf.is_dir() or (name not in (PRESETS, SHOPS) and (conf / name).is_dir()):
        return
    unlisted = ("base", "local", PRESETS, SHOPS)
    others = sorted(path.name for path in conf.iterdir() if path.is_dir() and path.name not in unlisted)
    raise KefuError(
        f"there is no environment '{name}'{did_you_mean(name, others)} (there are: {', '.join(others) or 'none'}; "
        f"an environment is a folder of {conf.name}/)"
    )


def say_to_stderr() -> None:
    """Send kefu's messages to stderr, a line each, and keep libraries' warnings from a user's screen."""
    logger = logging.getLogger("kefu")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
