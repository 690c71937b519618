"""How well and how fast is text in pictures read?

    python benchmarks/read_pictures.py

Receipts and messages of a shop, in English and Chinese, are set in the typeface that OpenCV 5 brings along: once as a
screenshot, once laid on a table and photographed (perspective, shadow, uneven light, blur, grain, JPEG). The error is
the edit distance of all characters but spaces, divided by their number (Levenshtein 1966). Of the demo's own pictures,
some 300 pixels a side, it is counted how often the amount or the order number is found. The time is that of a
receipt of 2 megapixels, 18 lines, on two threads.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kefu.assistant.pictures import read_lines, read_picture
from kefu.demo.drawing import Layer, encode_jpeg, photograph, put
from kefu.demo.intents import Intent
from kefu.demo.parameters import DemoParameters
from kefu.demo.pictures import draw_picture
from kefu.demo.scenery import draw_ground
from kefu.demo.text import draw_matter
from kefu.tickets.faults import Fault

RESULTS = Path(__file__).parent / "results" / "read_pictures.json"
PAPERS = {
    "en": (
        ("Order {order}", "Red mug 2 x 12.95", "Desk lamp, black", "Total {amount} EUR", "VAT 19% included"),
        ("Payment failed", "Your bank refused the card", "Amount {amount}", "Try again or use another card"),
        ("Wrong password", "Two attempts left", "Forgotten password?", "Order {order}"),
        ("Delivery delayed", "Parcel {order}", "Expected on {day}.{month}.2026", "In transit, depot Leeds"),
        ("Return label", "Order {order}", "Refund of {amount} EUR", "Hand in within 14 days"),
    ),
    "zh": (
        ("订单号 {order}", "红色马克杯 两只", "台灯 黑色", "合计 {amount} 元", "含增值税 13%"),
        ("支付失败", "银行拒绝了这张卡", "金额 {amount}", "请重试或换一张银行卡"),
        ("密码错误", "还可以再试两次", "忘记密码？", "订单 {order}"),
        ("派送延误", "包裹 {order}", "预计 2026年{month}月{day}日 送达", "运输中，杭州中转站"),
        ("退货单", "订单 {order}", "退款 {amount} 元", "请在14天内寄出"),
    ),
}
DETAILS = ((Intent.PAYMENT_FAILED, "amount"), (Intent.INVOICE, "amount"), (Intent.REFUND, "amount"))


def set_lines(lines: list[str], size_px: int) -> Layer:
    """Return a sheet of paper with lines on it."""
    step = round(1.9 * size_px)
    sheet = Layer(18 * size_px, step * (len(lines) + 1), (248, 250, 250))
    face = cv2.FontFace("uni")
    for row, line in enumerate(lines):
        cv2.putText(sheet.pixels, line, (size_px, step * (row + 1)), (50, 45, 40), face, size_px, 400)
    return sheet


def edit_distance(a: str, b: str) -> int:
    """Count the characters to be put in, taken out or exchanged (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def error_rate(language: str, kind: str, count: int, seed: int) -> dict[str, float]:
    """Return errors per character over so many pictures, and the share of lines that are right."""
    rng = np.random.default_rng(seed)
    errors = characters = right = num_lines = 0
    for number in range(count):
        matter = draw_matter(rng)
        lines = [line.format(**matter) for line in PAPERS[language][number % len(PAPERS[language])]]
        sheet = set_lines(lines, size_px=int(rng.integers(14, 30)))
        if kind == "photograph":
            width, height = sheet.size
            side = round(1.25 * max(width, height))
            scene = cv2.resize(draw_ground(rng), (side, side))
            put(scene, sheet, (side / 2, side / 2), 0.95, rng)
            raw = photograph(scene, rng)
        else:
            raw = encode_jpeg(sheet.pixels, 85)
        found = read_picture(raw)
        assert not isinstance(found, Fault), found
        expected = [line.replace(" ", "") for line in lines]
        read = [line.replace(" ", "") for line in found]
        errors += edit_distance("".join(expected), "".join(read))
        characters += len("".join(expected))
        right += sum(line in read for line in expected)
        num_lines += len(lines)
    return {
        "pictures": count,
        "characters": characters,
        "character_error_rate": round(errors / characters, 4),
        "lines_right": round(right / num_lines, 4),
    }


def share_found(language: str, count: int, seed: int) -> dict[str, Any]:
    """Return how often the detail of a picture of the demo is among what is read."""
    found = 0
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        intent, detail = DETAILS[number % len(DETAILS)]
        matter = draw_matter(rng)
        lines = read_picture(draw_picture(frozenset({intent}), language, matter, DemoParameters(), rng))
        found += not isinstance(lines, Fault) and any(matter[detail] in line for line in lines)
    return {"pictures": count, "details_found": round(found / count, 4)}


def seconds(language: str, repetitions: int) -> dict[str, float]:
    """Time a receipt of 1224 x 1632 pixels with 18 lines."""
    lines = [line.format(order="KF20391", amount="129.90", day=3, month=4) for line in sum(PAPERS[language], ())][:18]
    paper = np.full((1632, 1224, 3), 248, dtype=np.uint8)
    sheet = set_lines(lines, size_px=34).pixels[:1632, :1224]
    paper[: sheet.shape[0], : sheet.shape[1]] = sheet
    wall, processor = [], []
    for _ in range(repetitions + 1):
        at_wall, at_processor = time.perf_counter(), time.process_time()
        read = read_lines(paper)
        wall.append(time.perf_counter() - at_wall)
        processor.append(time.process_time() - at_processor)
    return {
        "lines": len(read),
        "best": round(min(wall[1:]), 3),  # the first one loads the networks
        "median": round(float(np.median(wall[1:])), 3),
        "processor_median": round(float(np.median(processor[1:])), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=40, help="of each kind and language")
    parser.add_argument("--repetitions", type=int, default=9, help="of the timing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    report: dict[str, Any] = {"seed": arguments.seed, "load_average": round(os.getloadavg()[0], 1)}
    for language in PAPERS:
        report[language] = {"seconds_at_2_megapixels": seconds(language, arguments.repetitions)}
        print(language, "seconds", report[language]["seconds_at_2_megapixels"], flush=True)
        for kind in ("screenshot", "photograph"):
            report[language][kind] = error_rate(language, kind, arguments.pictures, arguments.seed)
            print(language, kind, report[language][kind], flush=True)
        report[language]["demo"] = share_found(language, arguments.pictures, arguments.seed)
        print(language, "demo", report[language]["demo"], flush=True)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
