"""Build the site: the documents, the reference, the graph of the pipelines and the newest report, below ``site/``.

``python docs/builder --env retail`` shows another environment than the demo in the graph and the report. Nothing
that is built loads anything from another host.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from graph import build_graph
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError
from stage import stage_documents

ROOT = Path(__file__).resolve().parents[2]
NO_REPORT = (
    "<!doctype html><title>No report</title><p>Nothing was trained when this site was built: <code>make run</code>."
)


@click.command(help=__doc__)
@click.option("--env", default="local", show_default=True, help="Environment of the graph and the report.")
@click.option("--out", type=click.Path(path_type=Path), default=ROOT / "site", help="Folder of the site, made anew.")
def main(env: str, out: Path) -> None:
    """Build all of it in a folder of its own, then put it in place."""
    with tempfile.TemporaryDirectory(prefix="kefu-docs-") as folder:
        config = stage_documents(ROOT, Path(folder))
        command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(config)]
        if subprocess.run(command, check=False).returncode:
            raise click.ClickException("the documents have faults: see above")
        site = Path(folder) / "site"
        build_graph(ROOT, env, site / "pipelines")
        (site / "report").mkdir()
        (site / "report/index.html").write_text(newest_report(env), encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        shutil.move(site, out)
    click.echo(f"The site is at {out}; to look at it: python -m http.server --directory {out}")


def newest_report(env: str) -> str:
    """Return the page of the newest report of an environment, or one that says that there is none."""
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, env=env) as session:
        try:
            report: str = session.load_context().catalog.load("report")
        except DatasetError:
            return NO_REPORT
    return report


if __name__ == "__main__":
    main()
