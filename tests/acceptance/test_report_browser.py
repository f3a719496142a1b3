"""The page in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from heartbed.record.event import only
from heartbed.record.kinds import Kind, Request, WireClose, WireFrame
from heartbed.report.data import RunData
from tests.unit.data.report import samples, studies
from tests.unit.data.report.probed import PROBED
from tests.unit.data.report.samples import SAMPLES
from tests.unit.data.report.studies import STUDIES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium")

EVERY = SAMPLES | PROBED | STUDIES

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 400, "height": 800}
READABLE = 4.5
"""Least contrast of text, by WCAG 2.2, AA."""

DRAW_ALL = "() => Promise.all([...document.querySelectorAll('figure.plot')].map(plots.draw)).then(() => true)"
CONTRAST = """(names) => {
  const style = getComputedStyle(document.documentElement);
  const light = (colour) => {
    const probe = Object.assign(document.createElement("i"), {style: `color: ${colour}`});
    document.body.append(probe);
    const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255);
    probe.remove();
    const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const value = (name) => style.getPropertyValue(name);
  return names.map(([text, ground]) => {
    const [low, high] = [light(value(text)), light(value(ground))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  });
}"""


AT_TOP = """(link) => {
  const cell = document.getElementById(decodeURIComponent(link.slice(1)));
  const top = cell.getBoundingClientRect().top;
  const last = window.lastTop;
  window.lastTop = top;
  return top >= 0 && top < 40 && top === last;
}"""
"""Whether what is linked to stands at the top of the window, where it stood in the frame before."""


@dataclass
class Opened:
    """A page in the browser, and what it did while it was opened."""

    page: Page
    run: RunData
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def cell(self, name: str) -> Locator:
        return self.page.locator("article.cell", has=self.page.get_by_role("heading", name=name, exact=True, level=3))


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot be set up by root or in most containers.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    contexts = []

    def opened(run: RunData, viewport: dict[str, int] = WIDE, part: str = "", **options: Any) -> Opened:
        written = samples.write(run, tmp_path / run.verdict.run)
        context = browser.new_context(viewport={"width": viewport["width"], "height": viewport["height"]}, **options)
        contexts.append(context)
        result = Opened(context.new_page(), written)
        result.page.on("console", lambda message: result.complaints.append(message.text))
        result.page.on("pageerror", lambda error: result.complaints.append(str(error)))
        result.page.on("request", lambda request: result.requests.append(request.url))
        result.page.goto((written.folder / "report.html").as_uri() + part)
        return result

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("sample", EVERY)
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_page_opens_without_errors_requests_or_sideways_scrolling(
    open_page: Open, sample: str, viewport: dict[str, int]
) -> None:
    opened = open_page(EVERY[sample](), viewport)
    opened.page.evaluate(DRAW_ALL)
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.endswith("/report.html")] == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_the_timelines_show_as_many_heartbeats_as_the_capture_holds(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    opened.page.evaluate(DRAW_ALL)
    recorded = [e for e in only(opened.run.events, WireFrame) if e.data.type == "heartbeat"]
    assert opened.page.locator(".cell svg .heartbeats_marks path").count() == len(recorded) > 300
    assert opened.page.locator(".cell svg .closes_marks path").count() == 5


MARKS = {
    "soak": {"growth": (".held_marks path", 4 * 24), "memory": (".held_marks path", 24)},
    "bursts": {"latencies": (".latencies_marks path", 12)},
    "fault": {
        "notice": (":is(.broker_marks, .client_marks, .again_marks, .well_marks) path", 8),
        "connections": (".mark-line path", 2),
    },
}


@pytest.mark.parametrize("sample", MARKS)
def test_each_probe_is_drawn_with_all_that_its_record_holds(open_page: Open, sample: str) -> None:
    opened = open_page(PROBED[sample]())
    opened.page.evaluate(DRAW_ALL)
    for kind, (marks, count) in MARKS[sample].items():
        figure = opened.page.locator(f"figure[data-kind={kind}]")
        assert figure.locator("svg").count() == 1
        assert figure.locator(f"svg {marks}").count() >= count, kind
        assert figure.locator(".canvas").get_attribute("aria-label"), "what there is to see, in words"
        assert figure.locator(".legend li").count() >= 1


def test_client_and_broker_differ_in_shape_not_only_in_colour(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    opened.page.evaluate(DRAW_ALL)
    marks = opened.cell("event-daemon-eventlet").locator("svg .heartbeats_marks path")
    shapes = {mark.get_attribute("d") for mark in marks.all()}
    assert len(shapes) == 2


def test_plots_are_drawn_when_they_come_into_view(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    last = opened.cell("event-daemon-native").locator("figure.plot").first
    assert last.locator("svg").count() == 0
    last.scroll_into_view_if_needed()
    last.locator("svg").wait_for()


def test_hovering_tells_frame_time_and_direction(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    cell = opened.cell("prefork-daemon-eventlet")
    cell.scroll_into_view_if_needed()
    mark = cell.locator("svg .heartbeats_marks path").first
    mark.hover()
    tip = opened.page.locator("#tip")
    tip.wait_for()
    text = tip.inner_text()
    assert "heartbeat" in text
    assert "broker → client" in text
    assert "frame" in text
    assert "UTC" in text


def canvas_of(opened: Opened, cell: str) -> Locator:
    canvas = opened.cell(cell).locator("figure[data-kind=wire] .canvas")
    canvas.scroll_into_view_if_needed()
    canvas.locator("svg").first.wait_for()
    return canvas


def shown_time(canvas: Locator) -> list[float]:
    """The stretch of time that a timeline shows, seconds."""
    script = "async (each) => (await plots.draw(each.closest('figure'))).view.scale('x').domain()"
    found: list[float] = canvas.evaluate(script)
    return found


def test_the_timeline_works_by_keyboard(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    canvas = canvas_of(opened, "prefork-daemon-eventlet")
    canvas.focus()
    keyboard, announced = opened.page.keyboard, opened.page.locator("#announcer")
    keyboard.press("End")
    assert "call (after)" in announced.inner_text()
    keyboard.press("Home")
    first = announced.inner_text()
    keyboard.press("ArrowRight")
    assert announced.inner_text() != first
    assert canvas.locator(".cursor").count() == 1
    all_ = shown_time(canvas)
    keyboard.press("+")
    near = shown_time(canvas)
    assert near[1] - near[0] < all_[1] - all_[0]
    keyboard.press("Shift+ArrowRight")
    assert shown_time(canvas)[0] > near[0]
    keyboard.press("0")
    assert shown_time(canvas) == all_
    keyboard.press("Escape")
    assert opened.page.locator("#tip").is_hidden()


def test_every_control_is_reached_by_tab_and_shows_its_focus(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.className") == "skip"
    seen = set()
    for _ in range(80):
        opened.page.keyboard.press("Tab")
        seen.add(opened.page.evaluate("document.activeElement.className || document.activeElement.id"))
        assert opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert {"filter", "verdict", "canvas", "pair-a"} <= {name.split()[0] for name in seen if name}


def test_zoom_buttons_and_wheel_work_and_a_plain_wheel_scrolls(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    canvas = canvas_of(opened, "prefork-daemon-eventlet")
    all_ = shown_time(canvas)
    opened.cell("prefork-daemon-eventlet").get_by_role("button", name="Zoom in").click()
    near = shown_time(canvas)
    assert near[1] - near[0] == pytest.approx((all_[1] - all_[0]) / 2)
    opened.cell("prefork-daemon-eventlet").get_by_role("button", name="Show all").click()
    canvas.hover()
    opened.page.mouse.wheel(0, 50)
    assert shown_time(canvas) == all_
    canvas.hover()
    opened.page.keyboard.down("Control")
    opened.page.mouse.wheel(0, -200)
    opened.page.keyboard.up("Control")
    opened.page.wait_for_function("() => true")
    assert shown_time(canvas) != all_


def test_every_frame_can_be_read_as_a_table(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    canvas_of(opened, "prefork-daemon-eventlet")
    listing = opened.cell("prefork-daemon-eventlet").locator(".listing")
    listing.locator("summary").click()
    rows = listing.locator("tbody tr")
    rows.first.wait_for()
    cell = opened.run.cell("prefork-daemon-eventlet")
    assert cell is not None
    kinds: tuple[type[Kind], ...] = (WireFrame, WireClose, Request)
    frames = opened.run.of_cell(cell, *kinds)
    assert rows.count() == len(frames)


def test_two_cells_are_laid_side_by_side_on_one_clock(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    opened.page.get_by_role("link", name="Lay prefork-daemon-eventlet and event-daemon-eventlet side by side").click()
    opened.page.locator("body.paired").wait_for()
    shown = [article for article in opened.page.locator("article.cell").all() if article.is_visible()]
    boxes = [article.bounding_box() for article in shown]
    left, right = (box for box in boxes if box)
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    headings = [article.get_by_role("heading", name="Asked and observed").bounding_box() for article in shown]
    assert len({heading["y"] for heading in headings if heading}) == 1
    first, second = (canvas_of(opened, name) for name in ("prefork-daemon-eventlet", "event-daemon-eventlet"))
    assert shown_time(first) == shown_time(second)
    first.focus()
    opened.page.keyboard.press("+")
    opened.page.wait_for_timeout(50)
    assert shown_time(first) == shown_time(second)
    unlike = opened.page.locator(".unlike th").all_inner_texts()
    assert "server" in " ".join(unlike)
    assert "mode" not in unlike
    opened.page.get_by_role("button", name="Back to all cells").click()
    opened.page.locator("body:not(.paired)").wait_for()
    assert opened.page.locator("article.cell:visible").count() == 12
    assert opened.complaints == []


def test_a_pair_has_an_address_and_can_be_chosen_by_keyboard(open_page: Open) -> None:
    opened = open_page(samples.comparison(), NARROW)
    opened.page.get_by_label("beside").select_option(index=11)
    opened.page.get_by_role("button", name="Side by side").press("Enter")
    opened.page.locator("body.paired").wait_for()
    assert opened.page.evaluate("location.hash").startswith("#pair=c1-prefork-embedded-eventlet,c12-")
    opened.page.reload()
    opened.page.locator("body.paired").wait_for()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_cells_are_found_by_name(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    opened.page.get_by_label("Find a cell").fill("event-daemon")
    assert opened.page.locator("article.cell:visible").count() == 3


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_link_lands_on_the_cell_that_it_names(open_page: Open, viewport: dict[str, int], motion: str) -> None:
    opened = open_page(samples.many(60), viewport, reduced_motion=motion)
    links = opened.page.locator("a.verdict")
    for number in (50, 3, 31):
        link = links.nth(number)
        link.click()
        opened.page.wait_for_function(AT_TOP, arg=link.get_attribute("href"))


def test_an_address_with_a_cell_opens_on_that_cell(open_page: Open) -> None:
    name = open_page(samples.many(60)).page.locator("[data-cell] a").nth(40).get_attribute("href")
    opened = open_page(samples.many(60), part=name)
    opened.page.wait_for_function(AT_TOP, arg=name)


def test_script_from_outside_is_shown_and_not_run(open_page: Open) -> None:
    opened = open_page(samples.hostile())
    opened.page.evaluate(DRAW_ALL)
    assert opened.page.evaluate("window.hacked") is None
    text = opened.page.locator("main").inner_text()
    assert text.count("<script>window.hacked=1</script>") > 10
    for place in ("h3", ".proofs pre", ".frames .telling ~ li, .frames li", ".answer", ".facts", "nav", ".process"):
        shown = " ".join(opened.page.locator(place).all_inner_texts())
        assert "<script>window.hacked=1</script>" in shown, place
    canvas = opened.page.locator("figure[data-kind=wire] .canvas").first
    canvas.focus()
    opened.page.keyboard.press("End")
    assert opened.page.evaluate("window.hacked") is None


def test_a_script_that_got_in_all_the_same_would_not_run(open_page: Open) -> None:
    opened = open_page(samples.comparison())
    opened.page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="window.hacked = 1">');
    }""")
    opened.page.wait_for_timeout(100)
    assert opened.page.evaluate("window.hacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_colour_schemes(open_page: Open, scheme: str) -> None:
    opened = open_page(samples.comparison(), color_scheme=scheme)
    words = ("--ink", "--ink-2", "--kept", "--lost", "--hung", "--inconclusive", "--link", "--client", "--broker")
    pairs = [[text, ground] for text in words for ground in ("--paper", "--panel")] + [["--ink", "--telling"]]
    ratios: list[float] = opened.page.evaluate(CONTRAST, pairs)
    assert min(ratios) >= READABLE, dict(zip(map(str, pairs), ratios, strict=True))
    background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(253, 253, 251)") == (scheme == "light")


def test_a_dark_page_prints_light_with_every_plot(open_page: Open) -> None:
    opened = open_page(samples.comparison(), color_scheme="dark")
    paper = opened.page.pdf(format="A4")
    assert paper.startswith(b"%PDF")
    opened.page.emulate_media(media="print")
    on_paper = [each for each in opened.page.locator(".canvas").all() if each.is_visible()]
    assert opened.page.locator(".canvas.drawn").count() >= len(on_paper) > 3
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.page.locator("nav").is_hidden()


def test_without_javascript_all_but_the_plots_is_there(open_page: Open) -> None:
    opened = open_page(samples.comparison(), java_script_enabled=False)
    text = opened.page.locator("body").inner_text()
    assert "lost after 5.9 s" in text
    assert "missed heartbeats from client, timeout: 2s" in text
    assert "Without JavaScript only the timelines at the top are drawn" in text
    assert [each.is_visible() for each in opened.page.locator(".canvas svg").all()] == [True, True]
    assert not any(each.is_visible() for each in opened.page.locator(".cell .canvas").all())


@pytest.mark.parametrize(
    "make", [lambda: samples.many(60), studies.matrix, studies.check], ids=["60", "matrix", "check"]
)
def test_paper_has_the_losses_and_a_summary(open_page: Open, make: Callable[[], RunData]) -> None:
    opened = open_page(make())
    paper = opened.page.pdf(format="A4")
    assert paper.count(b"/Type /Page\n") <= 12
    opened.page.emulate_media(media="print")
    assert [each.is_visible() for each in opened.page.locator("article.cell").all()].count(True) == 1


OFTEN = ("comparison", "check", "bisect", "matrix")
"""A page of each kind, which axe looks at whenever the tests run; at the other samples now and then."""


@pytest.mark.parametrize(
    ("sample", "scheme"),
    [
        *(pytest.param(each, "light", marks=() if each in OFTEN else pytest.mark.slow) for each in EVERY),
        ("check", "dark"),
        pytest.param("every-verdict", "dark", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_to_complain_of(open_page: Open, sample: str, scheme: str) -> None:
    opened = open_page(EVERY[sample](), color_scheme=scheme)
    opened.page.evaluate(DRAW_ALL)
    found = Axe().run(opened.page)
    assert found.violations_count == 0, found.generate_report()


def test_axe_finds_nothing_in_two_cells_side_by_side_nor_on_a_narrow_page(open_page: Open) -> None:
    opened = open_page(samples.comparison(), NARROW)
    assert Axe().run(opened.page).violations_count == 0
    opened.page.get_by_label("beside").select_option(index=11)
    opened.page.get_by_role("button", name="Side by side").press("Enter")
    opened.page.locator("body.paired").wait_for()
    found = Axe().run(opened.page)
    assert found.violations_count == 0, found.generate_report()


def test_the_page_of_200_cells_is_all_there_when_it_is_loaded(open_page: Open) -> None:
    opened = open_page(samples.many(200))
    assert opened.page.locator("article.cell").count() == 200
    assert opened.complaints == []


@pytest.mark.parametrize("sample", ["comparison", "every-verdict", "hostile"])
def test_nothing_is_clipped_on_a_narrow_page_but_tables_of_connections_and_proofs(open_page: Open, sample: str) -> None:
    opened = open_page(SAMPLES[sample](), NARROW)
    clipped: list[str] = opened.page.evaluate("""[...document.querySelectorAll('main *')]
        .filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== 'visible')
        .filter((each) => !each.matches('.visually-hidden') && !each.querySelector('.links'))
        .map((each) => each.className + ' in ' + each.closest('section, article')?.id)""")
    assert clipped == []
    words = opened.page.locator("#controls .word")
    for word in words.all():
        box = word.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= NARROW["width"]
