"""The site of `make docs`: nothing of it comes from elsewhere, links hold, and both languages are found."""

import functools
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

for module in ("kedro_viz", "zensical", "mkdocstrings", "tomli_w"):
    pytest.importorskip(module, reason=f"{module} is not installed (extras `docs`, `viz`)")

ROOT = Path(__file__).parents[2]
LOADS = re.compile(
    r"""<(?:script|img|iframe|source|audio)[^>]*\bsrc=["']?(?:https?:)?//|<link[^>]*href=["']?(?:https?:)?//"""
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def builder() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "docs/builder"))
    import graph
    import stage

    yield {"graph": graph, "stage": stage}
    sys.path.remove(str(ROOT / "docs/builder"))


@pytest.fixture(scope="module")
def project(demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, a part of it run from the command line: such runs leave their status for kedro-viz."""
    root = tmp_path_factory.mktemp("run") / "project"
    shutil.copytree(demo.root, root, symlinks=True)
    command = [sys.executable, "-m", "kedro", "run", "--pipelines", "evaluate", "--env", "tiny"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture(scope="module")
def site(builder: Any, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    config = builder["stage"].stage_documents(ROOT, folder)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(config)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    builder["graph"].build_graph(project, "tiny", folder / "site/pipelines")
    return folder / "site"


@pytest.fixture(scope="module")
def page(site: Path) -> Iterator[Any]:
    """A browser's page, the site on a sub path, and what was asked of other hosts or not found."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `dev`)")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    handler = functools.partial(Quiet, directory=str(site.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/{site.name}"
    flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=flags.split())
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.address, page.wrong = address, []
        page.on(
            "request",
            lambda request: request.url.startswith((address, "data:", "blob:")) or page.wrong.append(request.url),
        )
        page.on("response", lambda response: response.ok or response.status == 304 or page.wrong.append(response.url))
        yield page
        browser.close()
    server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_pages_load_nothing_from_other_hosts(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    assert [path.name for path in pages if LOADS.search(path.read_text(encoding="utf-8"))] == []
    assert "heap" not in (site / "pipelines/index.html").read_text(encoding="utf-8")


def test_every_document_is_a_page_in_the_navigation(site: Path) -> None:
    navigation = re.search(r'<nav class="md-nav md-nav--primary.*', (site / "index.html").read_text("utf-8"), re.DOTALL)
    assert navigation is not None
    linked = set(re.findall(r'href="(?:\./)?([^"#]+)"', navigation[0]))
    assert {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")} | {"zh/index.html"} <= linked


def test_lists_hold_together(builder: Any) -> None:
    text = "1. One\n\n   | a |\n\n2. Two\n   more\n\nEnd\n   of it\n"
    wide = "1. One\n\n    | a |\n\n2. Two\n    more\n\nEnd\n   of it\n"
    assert builder["stage"].with_deep_lists(text) == wide


def test_the_graph_names_no_path_of_this_machine(site: Path, project: Path) -> None:
    api = [path for path in (site / "pipelines/api").rglob("*") if path.is_file()]
    assert len(api) > 100
    assert [path.name for path in api if str(project).lstrip("/") in path.read_text(encoding="utf-8")] == []
    status = json.loads((site / "pipelines/api/run-status").read_text(encoding="utf-8"))
    assert status["nodes"]


def open_search(page: Any, tries: int = 20) -> Any:
    """Open the search as a person does, again where the page was not yet listening."""
    from playwright.sync_api import TimeoutError as TooSlow

    box = page.get_by_role("textbox").or_(page.get_by_role("combobox")).first
    for _ in range(tries):
        page.keyboard.press("Control+k")
        try:
            box.wait_for(state="visible", timeout=2_000)
        except TooSlow:
            continue
        return box
    raise AssertionError("the search does not open")


def test_both_languages_are_found(page: Any) -> None:
    page.goto(f"{page.address}/index.html")
    for words, found in (("quarantine", "tickets.html"), ("隔离", "zh/index.html"), ("超出范围", "zh/index.html")):
        open_search(page).fill(words)
        page.wait_for_selector(f'a[href*="{found}"] mark, a[href*="{found}"] u', timeout=20_000)
        page.keyboard.press("Escape")
    assert page.wrong == []


def test_the_graph_is_folded_shows_previews_and_the_last_run(page: Any, site: Path) -> None:
    nodes = json.loads((site / "pipelines/api/main").read_text(encoding="utf-8"))["nodes"]
    ids = {node["name"]: node["id"] for node in nodes}
    page.goto(f"{page.address}/pipelines/", wait_until="domcontentloaded")
    page.wait_for_selector(".pipeline-node__text", timeout=60_000)
    shown = set(page.locator(".pipeline-node__text").all_text_contents())
    assert shown >= {"text", "image", "audio", "fit_fusions", "write_report"}
    assert "augment" not in shown
    for name, content in (
        ("raw_tickets", "text=ticket_id"),
        ("audio.cleaned", "audio"),
        ("metrics", "text=macro_f1"),
        ("comparison_figure", ".js-plotly-plot"),
    ):
        page.goto(f"{page.address}/pipelines/?sid={ids[name]}", wait_until="domcontentloaded")
        page.get_by_text("Expand preview").click(timeout=60_000)
        page.locator(content).last.wait_for(timeout=20_000)
    page.goto(f"{page.address}/pipelines/", wait_until="domcontentloaded")
    page.get_by_role("button", name="Workflow").or_(page.get_by_label("Workflow")).first.click(timeout=60_000)
    page.get_by_text("Run execution completed").wait_for(timeout=20_000)
    assert page.wrong == []
