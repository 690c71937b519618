"""The command line: ``kefu``, and the commands that this project changes in ``kedro``.

Every command is imported when it is called, since ``kedro viz`` and all other Kedro commands import this package, too.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from kefu import __version__

__all__ = ["cli", "kefu", "main"]


class LazyGroup(click.Group):
    """Commands by name, each as ``module:attribute``."""

    def __init__(self, *args: Any, lazy_commands: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy_commands = lazy_commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names."""
        return list(self.lazy_commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.lazy_commands:
            return None
        module, _, attribute = self.lazy_commands[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(
    cls=LazyGroup,
    lazy_commands={
        "import": "kefu.cli.import_tickets:import_tickets",
        "check": "kefu.cli.check:check",
        "predict": "kefu.cli.predict:predict",
        "serve": "kefu.cli.serve:serve",
        "agents": "kefu.cli.agents:agents",
        "storage": "kefu.cli.storage:storage",
        "models": "kefu.cli.models:models",
        "feedback": "kefu.cli.feedback:feedback",
        "scenarios": "kefu.cli.scenarios:scenarios",
        "parameters": "kefu.cli.parameters:parameters",
        "dvc-sync": "kefu.cli.dvc_sync:dvc_sync",
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "--version", "-V", prog_name="kefu", message="%(prog)s %(version)s")
def kefu() -> None:
    """Check customer tickets of text, pictures and voice, and predict their labels.

    Models are trained with `kedro run`; `kedro viz run` shows how.

    \b
    kefu import ~/shop/tickets.csv               bring tickets into the project
    kefu check tickets.csv                       what is in the table, and what is wrong with it
    kefu predict tickets.csv --out labels.csv    a label for every ticket
    kefu serve                                   the newest or promoted model over HTTP
    kefu agents add Ann --role admin             who answers customers when the assistant cannot
    kefu storage check                           is the database of the service up to date and whole?
    kefu models compare promoted latest          is the newest model better than the one in use?
    kefu scenarios                               does the assistant say and do what it should?
    kefu parameters image.training               what can be set in conf/ and with --params
    kefu dvc-sync                                dvc.yaml and params.yaml as the project says them
    """  # noqa: D301 - click wants the backspace itself


@click.group(name="kefu", cls=LazyGroup, lazy_commands={"run": "kefu.cli.run:run"})
def cli() -> None:
    """Commands that Kedro takes from this project in place of its own."""


def main() -> None:
    """Run ``kefu``."""
    kefu(prog_name="kefu")
