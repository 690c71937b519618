"""Kedro-viz on the tiny demo: the graph, its previews, and the page."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

pytest.importorskip("kedro_viz", reason="kedro-viz is not installed (extra `viz`)")

LAYERS = ["raw", "intermediate", "primary", "features", "models", "model_output", "fusion", "reporting"]
PREVIEWS = {
    "raw_tickets": "TablePreview",
    "tickets": "TablePreview",
    "quarantine": "TablePreview",
    "fusions": "TablePreview",
    "metrics": "JSONPreview",
    "model": "JSONPreview",
    "confusion_figure": "PlotlyPreview",
} | {
    f"{modality}.{name}": kind
    for modality in ("text", "image", "audio")
    for name, kind in {
        "cleaned": "HTMLPreview",
        "augmented": "HTMLPreview",
        "features": "TablePreview",
        "preprocessor": "TablePreview",
        "history": "PlotlyPreview",
        "contact_sheet": "PlotlyPreview",
        "model": "JSONPreview",
    }.items()
}


@pytest.fixture(scope="module")
def address(demo: Any) -> Iterator[str]:
    port = next(port for port in range(20_000 + os.getpid() % 10_000, 49_000) if not _is_taken(port))
    command = [sys.executable, "-m", "kedro", "viz", "run", "--no-browser", "--env", "tiny", "--port", str(port)]
    log = demo.root / "viz.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=demo.root, env=os.environ | {"DO_NOT_TRACK": "1"}, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urlopen(f"{address}/api/main", timeout=10).close()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # the page is served by a process of its own
        server.wait(20)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def get(address: str, path: str) -> Any:
    with urlopen(f"{address}/api/{path}", timeout=60) as answer:
        return json.load(answer)


def test_graph_has_layers_in_order_and_three_namespaces(address: str) -> None:
    graph = get(address, "main")
    assert graph["layers"] == LAYERS
    assert {node["name"] for node in graph["nodes"] if node["type"] == "modularPipeline"} == {"text", "image", "audio"}


def test_datasets_have_previews(address: str) -> None:
    ids = {node["name"]: node["id"] for node in get(address, "main")["nodes"]}
    found = {name: get(address, f"nodes/{ids[name]}") for name in PREVIEWS}
    assert {name: node.get("preview_type") for name, node in found.items()} == PREVIEWS
    assert not [name for name, node in found.items() if not node.get("preview")]
    assert "<audio controls" in found["audio.cleaned"]["preview"]
    assert "data:image/png" in found["image.augmented"]["preview"]


def test_page_shows_the_graph(address: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `dev`)")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=flags.split())
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(address, wait_until="domcontentloaded")
        page.wait_for_selector(".pipeline-node__text", timeout=60_000)
        shown = set(page.locator(".pipeline-node__text").all_text_contents())
        browser.close()
    assert shown >= {"check_tickets", "assemble_tickets", "fit_fusions", "write_report", "text", "image", "audio"}
    assert "augment" not in shown, "the modalities are folded at first sight"
