"""Measure the annotate page in a real Chromium: `make bench-browser`, `SMALL=1` for a quick look.

With every answer of the server 100 ms away: from the key press (the gate being open) to the next task standing there
with all of its loops painted, timed inside the page. Then, on loopback and with an empty cache, from navigating to the
first task painted, and what scripts and styles weigh on the wire. Prints a table and, last, one line of JSON.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.annotation_place import Place, place
from benchmarks.annotation_wish import Wish
from benchmarks.far_away import far_away
from tests.browser import chromium

SQLITE = "sqlite:///{folder}/stickerloop.sqlite3"
WATCH = (Path(__file__).parent / "browser_watch.js").read_text()
WINDOW = {"width": 1280, "height": 800}
ROUND_TRIP_MS = 100
CANDIDATES = 4
# The gate is open a loop, which is one second, after the first paint.
LOOK_MS = 1600
COLD_LOADS = 5


def open_window(browser: Browser, where: Place) -> BrowserContext:
    """An annotator's browser with nothing in its cache, signed in."""
    context = browser.new_context(viewport=WINDOW)  # type: ignore[arg-type]
    context.add_cookies([{"name": "sessionid", "value": where.made.people[0], "url": site(where.port)}])
    context.add_init_script(WATCH)
    return context


def site(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def first_task(page: Page, where: Place, port: int) -> float:
    """Opens the batch; milliseconds from navigating until the first task was painted."""
    page.goto(f"{site(port)}/annotate/{where.made.batches[0]}")
    return float(page.evaluate("window.watch.painted(null)"))


def round_trips(page: Page) -> list[float]:
    """What a small request really takes in the page, in milliseconds: nine of them, the shortest first."""
    return sorted(round(float(page.evaluate("window.watch.roundTrip()")), 1) for _ in range(9))


def key_to_next(page: Page, tasks: int) -> list[dict[str, float]]:
    """Judges `tasks` tasks by keyboard at a steady pace; what the page saw of each."""
    seen = []
    for turn in range(tasks):
        page.keyboard.press(str(1 + turn % CANDIDATES))
        page.wait_for_timeout(LOOK_MS)
        page.evaluate("window.watch.arm()")
        page.keyboard.press("Enter")
        seen.append(page.evaluate("window.watch.next()"))
    return seen


def cold_load(browser: Browser, where: Place) -> tuple[float, float]:
    """Milliseconds to the first task with an empty cache, and bytes of scripts and styles on the wire."""
    context = open_window(browser, where)
    page = context.new_page()
    session = context.new_cdp_session(page)
    wanted: set[str] = set()
    weights: dict[str, float] = {}

    def received(event: dict[str, Any]) -> None:
        if event["type"] in ("Script", "Stylesheet"):
            wanted.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        weights[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.responseReceived", received)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    taken = first_task(page, where, where.port)
    page.wait_for_load_state("networkidle")
    context.close()
    return taken, sum(weight for request, weight in weights.items() if request in wanted)


def measure(tasks: int, cold_loads: int, say: Console) -> dict[str, Any]:
    say.print("Drawing loops and starting the server …", style="dim")
    wish = Wish(1, [(tasks + 20, 1)], pictures=True)
    with (
        place(database=SQLITE, wish=wish) as where,
        far_away(where.port, round_trip=ROUND_TRIP_MS / 1000) as port,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        say.print("Loading the page cold …", style="dim")
        loads = [cold_load(browser, where) for _ in range(cold_loads)]
        page = open_window(browser, where).new_page()
        first_task(page, where, where.port)
        page.wait_for_load_state("networkidle")
        near = median(round_trips(page))
        first_task(page, where, port)
        # The loops of the next tasks come in first: they would stand before the small request in Chromium's queue.
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1000)
        shortest, *_ = far = round_trips(page)
        say.print(f"Judging {tasks} tasks at {median(far):.0f} ms from the server …", style="dim")
        seen = key_to_next(page, tasks)
        browser.close()
    times = sorted(float(each["ms"]) for each in seen)
    cuts = quantiles(times, n=20, method="inclusive")
    # What was no round trip away is no figure of a screen that is.
    delayed = shortest >= ROUND_TRIP_MS
    return {
        "bench": "browser",
        "round_trip_ms": ROUND_TRIP_MS if delayed else None,
        "round_trip_measured_ms": median(far),
        "round_trip_on_loopback_ms": near,
        "key_to_next_p50_ms": round(cuts[9], 1) if delayed else None,
        "key_to_next_p95_ms": round(cuts[18], 1) if delayed else None,
        "key_to_next_max_ms": round(times[-1], 1) if delayed else None,
        "tasks": len(times),
        "loops_standing_still": sum(each["still"] for each in seen),
        "js_css_wire_kb": round(median(bytes_sent for _, bytes_sent in loads) / 1000, 1),
        "cold_first_task_ms": round(median(taken for taken, _ in loads)),
        "cold_loads": len(loads),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a quick look, under 50 s")
    chosen = parser.parse_args()
    say = Console(width=120)
    before, began = os.getloadavg()[0], time.monotonic()
    chromium.provide()
    figures = measure(6 if chosen.small else 45, 2 if chosen.small else COLD_LOADS, say)
    table = Table(title=f"The annotate page in Chromium, {WINDOW['width']} × {WINDOW['height']}")
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), "not measured" if value is None else str(value))
    say.print(table)
    machine = {"cores": os.cpu_count(), "load": [round(before, 1), round(os.getloadavg()[0], 1)]}
    took = round(time.monotonic() - began)
    print(json.dumps({**figures, "machine": machine, "took_s": took, **({"small": True} if chosen.small else {})}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
