"""The graph of the pipelines: what ``kedro viz build`` makes, fit for any web server, any path and any reader.

Kedro-viz 12.5 fetches a font from Google and the status of the last run from the root of the host, writes the paths of
this machine into the previews' headings, and greets with a tour of itself.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

FOREIGN_FONT = re.compile(r'\s*<link[^>]*"https://fonts\.[^>]*>')
RUN_STATUS = 'fetch("/api/run-status")'
FIRST_SIGHT = """<script>
  // the reader's own choices win
  localStorage.setItem("KedroViz", JSON.stringify({
    showFeatureHints: false,
    theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
    ...JSON.parse(localStorage.getItem("KedroViz") || "{}"),
  }));
</script>
"""


def build_graph(root: Path, env: str, out: Path) -> None:
    """Build the static site of kedro-viz, previews and status of the last run included."""
    build = root / "build"  # kedro-viz knows no other place
    shutil.rmtree(build, ignore_errors=True)
    quiet = {"KEDRO_ENV": env, "DO_NOT_TRACK": "1", "KEDRO_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-m", "kedro", "viz", "build", "--include-previews"]
    result = subprocess.run(command, cwd=root, env=os.environ | quiet, capture_output=True, text=True, check=False)
    if not (build / "api/deploy-viz-metadata").is_file():  # it ends with status 0 whatever happened
        raise RuntimeError(f"kedro viz build failed:\n{result.stdout}{result.stderr}")
    shutil.move(build, out)
    mend(root, out)


def mend(root: Path, site: Path) -> None:
    """Make a built graph independent of other hosts, of the place it is served from, and of this machine."""
    page = site / "index.html"
    html = FOREIGN_FONT.sub("", page.read_text(encoding="utf-8"))
    page.write_text(html.replace("<script ", FIRST_SIGHT + "<script ", 1), encoding="utf-8")

    scripts = [path for path in site.glob("assets/index-*.js") if RUN_STATUS in path.read_text(encoding="utf-8")]
    if len(scripts) != 1:
        raise RuntimeError(f"kedro-viz {version('kedro-viz')} asks for the status of a run in a way that is not known")
    text = scripts[0].read_text(encoding="utf-8")
    scripts[0].write_text(text.replace(RUN_STATUS, 'fetch("./api/run-status")'), encoding="utf-8")

    here = re.compile(rf"/?{re.escape(root.as_posix().lstrip('/'))}/")
    for path in site.glob("api/**/*"):
        if path.is_file():
            path.write_text(here.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    compatible = {"package_name": "kedro-datasets", "package_version": version("kedro-datasets"), "is_compatible": True}
    metadata = {"has_missing_dependencies": False, "package_compatibilities": [compatible]}
    (site / "api/metadata").write_text(json.dumps(metadata), encoding="utf-8")

    workflow = site / "workflow/index.html"  # a reload of that view asks the server for it
    workflow.parent.mkdir()
    workflow.write_text('<!doctype html><meta http-equiv="refresh" content="0; url=../">', encoding="utf-8")
    for unused in ("telemetry.html", "autoreload.html", "404.html"):
        (site / unused).unlink(missing_ok=True)
