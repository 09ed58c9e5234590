"""The report and the explorer in a browser: loaded from disk, as a reader would use them.

Needs Playwright's Python package and a Chromium of the distribution; skipped without.
"""

import json
import os
import shutil

import numpy as np
import pytest
from explorer_calls import calls
from toy_figures import line, spec

from experiments import store
from figures import drawing, measured, report
from figures.explorer import PANELS
from sdtheory import claims as registry

CHROMIUM = os.environ.get("SDTHEORY_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
# One claim of each verdict, quick to measure.
CLAIMS = (
    "borup2021.blended_target",
    "wu2026.iterated_gcv",
    "das2023.xi_exceeds_one",
    "wu2026.u_shape",
)
NUMBERS = "#ridge-numbers td"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Build a small report; return the addresses of its two pages."""
    build = tmp_path_factory.mktemp("report")
    published = registry.published()
    chosen = {name: published[name] for name in CLAIMS}
    fails = next(name for name, claim in published.items() if claim.verdict == "fails")
    found = measured.records(chosen | {fails: published[fails]}, build / "measured", at_most=2)[0]
    run = {"claims": found, "at_most": 2, "seed": 0}
    (build / "claims.json").write_text(json.dumps(run))
    drawn = [spec(), spec(line, id=CLAIMS[0], parameters={"n": 5}, except_for={})]
    records = [drawing.draw(figure, build / "figures") for figure in drawn]
    (build / "figures" / "manifest.json").write_text(json.dumps(records))
    shutil.copytree(store.RESULTS / "ridge_probe", build / "results" / "ridge_probe")
    arguments = ["--build", str(build), "--results", str(build / "results")]
    assert report.main(arguments) == 0
    return {name: (build / "report" / f"{name}.html").as_uri() for name in ("index", "explorer")}


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, pages):
    """Return a function that opens a page; afterwards nothing may have gone wrong on it."""
    opened, problems = [], []

    def go(name, anchor="", **options):
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}} | options)
        page = context.new_page()
        page.on("console", lambda message: problems.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("request", lambda request: asked(request.url))
        page.goto(pages[name] + anchor)
        opened.append(context)
        return page

    def asked(url):
        if not url.startswith(("data:", *pages.values())):
            problems.append(f"request: {url}")

    yield go
    for context in opened:
        context.close()
    assert problems == []


def column(page, table, number):
    cells = page.locator(f"#{table} tbody tr:not([hidden]) > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def shown_rows(page, table="claims-table"):
    return page.locator(f"#{table} tbody tr:not([hidden])").evaluate_all(
        "rows => rows.map(r => r.id)"
    )


class TestReport:
    def test_numbers_sort_up_and_down_and_say_so(self, visit):
        page = visit("index")
        header = page.locator("#claims-table th", has_text="Ratio")
        assert header.get_attribute("aria-sort") is None
        for direction in ("ascending", "descending"):
            header.get_by_role("button").click()
            assert header.get_attribute("aria-sort") == direction
            keys = page.locator("#claims-table tbody td:nth-child(6)").evaluate_all(
                "cells => cells.map((cell) => Number(cell.dataset.sort))"
            )
            assert keys == sorted(keys, reverse=direction == "descending")
        page.locator("#claims-table th", has_text="Paper").get_by_role("button").click()
        assert header.get_attribute("aria-sort") is None
        papers = column(page, "claims-table", 2)
        assert papers == sorted(papers)

    def test_filters_by_paper_verdict_and_words(self, visit):
        page = visit("index")
        form = page.locator("form[data-for='claims-table']")
        assert form.locator("output").inner_text() == "5 shown"
        form.get_by_role("combobox", name="Paper", exact=True).select_option(index=1)
        assert 0 < len(shown_rows(page)) < 5
        assert len(set(column(page, "claims-table", 2))) == 1
        form.get_by_role("button", name="Clear").click()
        form.get_by_role("combobox", name="Verdict", exact=True).select_option("fails")
        assert all("fails" in text for text in column(page, "claims-table", 3))
        assert form.locator("output").inner_text().endswith(" of 5 shown")
        form.get_by_role("button", name="Clear").click()
        form.get_by_label("Search").fill("TWO-TERM blended_target")
        assert shown_rows(page) == [CLAIMS[0]]
        form.get_by_label("Search").fill("no claim says this")
        assert shown_rows(page) == []
        assert form.locator("output").inner_text() == "0 of 5 shown"

    def test_a_tally_shows_its_claims(self, visit):
        page = visit("index")
        page.get_by_role("button", name="fails as commonly told").click()
        assert set(column(page, "claims-table", 3)) == {"✗ fails as commonly told"}

    def test_an_anchor_leads_to_its_claim_even_if_it_was_hidden(self, visit):
        page = visit("index")
        page.locator("form[data-for='claims-table']").get_by_label("Search").fill("nothing at all")
        assert shown_rows(page) == []
        page.evaluate(f"location.hash = '#{CLAIMS[1]}'")
        page.wait_for_function("document.querySelectorAll('tr[hidden]').length === 0")
        assert page.locator(f"[id='{CLAIMS[1]}']").is_visible()

    def test_a_claim_links_to_its_figure_and_back(self, visit):
        page = visit("index")
        page.locator(f"[id='{CLAIMS[0]}']").get_by_role("link", name="Figure").click()
        assert page.url.endswith(f"#figure-{CLAIMS[0]}")
        image = page.locator(f"[id='figure-{CLAIMS[0]}'] img")
        assert image.get_attribute("alt") == "A line."
        image.scroll_into_view_if_needed()
        page.wait_for_function(
            "image => image.complete && image.naturalWidth > 500", arg=image.element_handle()
        )

    def test_the_first_stop_of_the_keyboard_skips_to_the_content(self, visit):
        page = visit("index")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"

    def test_sorting_works_from_the_keyboard(self, visit):
        page = visit("index")
        header = page.locator("#claims-table th", has_text="Tolerance")
        header.get_by_role("button").focus()
        page.keyboard.press("Enter")
        assert header.get_attribute("aria-sort") == "ascending"

    @pytest.mark.parametrize("name", ["index", "explorer"])
    def test_theme_follows_the_system_and_the_button(self, visit, name):
        page = visit(name, color_scheme="dark")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button", name="Light theme").click()
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (dark, light) == ("rgb(21, 24, 28)", "rgb(255, 255, 255)")

    @pytest.mark.parametrize("name", ["index", "explorer"])
    def test_a_phone_needs_no_sideways_scrolling(self, visit, name):
        page = visit(name, viewport={"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400

    def test_a_phone_sorts_by_a_control(self, visit):
        page = visit("index", viewport={"width": 400, "height": 800})
        form = page.locator("form[data-for='claims-table']")
        form.get_by_label("Sort by").select_option(label="Tolerance, falling")
        keys = page.locator("#claims-table tbody td:nth-child(5)").evaluate_all(
            "cells => cells.map((cell) => Number(cell.dataset.sort))"
        )
        assert keys == sorted(keys, reverse=True)
        assert not page.locator("#claims-table thead").is_visible()
        assert form.locator("output").inner_text() == "5 shown"

    def test_everything_is_there_without_script(self, visit):
        page = visit("index", java_script_enabled=False)
        assert page.locator("#claims-table tbody tr").count() == 5
        assert not page.locator("form[data-for='claims-table']").is_visible()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("name", ["index", "explorer"])
    def test_text_stands_out_from_its_background(self, visit, name, scheme):
        page = visit(name, color_scheme=scheme)
        assert page.evaluate(CONTRAST) == []


# Every text whose contrast with the background behind it is below the 4.5 of WCAG AA.
CONTRAST = """() => {
  const parse = (text) => {
    const context = document.createElement("canvas").getContext("2d");
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const seen = new Map();
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own || node.closest("script, style, option, noscript")) continue;
    if (!node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const colour = node.closest("svg") ? style.fill : style.color;
    const ground = behind(node.closest("svg")?.parentElement ?? node);
    seen.set(`${colour} on ${ground}`, [parse(colour), ground, node.textContent.slice(0, 40)]);
  }
  const weak = [];
  for (const [name, [colour, ground, text]] of seen) {
    const [a, b] = [light(colour), light(ground)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) weak.push(`${name}: ${text}`);
  }
  return weak;
}"""


class TestExplorer:
    def test_it_is_one_link_away(self, visit):
        page = visit("index")
        page.get_by_role("link", name="Explorer", exact=True).click()
        assert page.get_by_role("heading", level=1).inner_text() == "Explorer"

    def test_the_script_computes_what_the_package_does(self, visit, rng):
        made = calls(rng, 25)
        page = visit("explorer")
        got = page.evaluate(
            "calls => calls.map(([name, given]) => theory[name](...given))",
            [[name, list(arguments)] for name, arguments, _ in made],
        )
        for found, (name, arguments, wanted) in zip(got, made, strict=True):
            np.testing.assert_allclose(
                found, wanted, rtol=1e-9, atol=0, err_msg=f"{name}{arguments}"
            )

    def test_moving_a_control_changes_the_numbers(self, visit):
        page = visit("explorer")
        before = page.locator(NUMBERS).all_inner_texts()
        curve = page.locator("#ridge-penalties path").first.get_attribute("d")
        page.get_by_label("Noise variance").focus()
        page.keyboard.press("End")
        page.wait_for_function(
            f"before => document.querySelector('{NUMBERS}').textContent !== before", arg=before[0]
        )
        assert page.get_by_label("Noise variance").get_attribute("aria-valuetext") == "100"
        after = page.locator(NUMBERS).all_inner_texts()
        # So much noise is noise alone.
        assert float(after[0]) == pytest.approx(float(after[8]), rel=1e-2)
        assert page.locator("#ridge-penalties path").first.get_attribute("d") != curve

    def test_every_control_has_a_name(self, visit):
        page = visit("explorer")
        controls = page.locator("form.sliders input, form.sliders select")
        assert controls.count() >= 15
        for control in controls.all():
            assert control.evaluate("control => control.labels[0].textContent.length") > 3

    def test_shown_numbers_are_those_of_the_settings(self, visit):
        page = visit("explorer")
        page.locator("#ridge select[name='spectrum']").select_option("spiked")
        page.locator("#ridge select[name='metric']").select_option("in_sample")
        page.wait_for_function("new Promise(requestAnimationFrame)")
        from sdtheory import label_noise, problems

        d, theta = problems.spectrum("spiked", 40, 1e3), problems.signal("isotropic", 40)
        problem = label_noise.RidgeProblem(np.sqrt(d), theta, 0.01, "in_sample")
        best = label_noise.optimal_xi(problem, 0.01)
        text = page.locator(NUMBERS).all_inner_texts()
        shown = [float(cell.replace("\N{MINUS SIGN}", "-")) for cell in text]
        wanted = [best.xi, best.teacher_risk, label_noise.expected_risk(problem, 0.01, 1.0)]
        assert shown[:3] == pytest.approx([float(value) for value in wanted], rel=1e-3)

    def test_every_control_moves_to_its_ends_without_trouble(self, visit):
        page = visit("explorer")
        sliders = page.locator("input[type='range']")
        for k in range(sliders.count()):
            for end in ("Home", "End"):
                sliders.nth(k).focus()
                page.keyboard.press(end)
                page.wait_for_function("new Promise(requestAnimationFrame)")
        for choice in page.locator("form.sliders select").all():
            for option in choice.locator("option").all():
                choice.select_option(option.get_attribute("value"))
                page.wait_for_function("new Promise(requestAnimationFrame)")
        numbers = page.locator(".answers td").all_inner_texts()
        assert numbers
        assert not any(text in ("undefined", "NaN", "") for text in numbers)
        drawn = page.locator(".chart path, .chart polygon").evaluate_all(
            "marks => marks.map((m) => m.getAttribute('d') ?? m.getAttribute('points'))"
        )
        assert not any("NaN" in text or "Infinity" in text for text in drawn)

    def test_every_chart_is_drawn_and_every_id_is_unique(self, visit):
        page = visit("explorer")
        charts = page.locator("figure.chart")
        assert charts.count() == sum(len(panel.charts) for panel in PANELS)
        for chart in charts.all():
            assert chart.locator("figcaption").inner_text()
            assert chart.locator("> svg path, > svg rect.cell").count() > 0
        ids = page.locator("[id]").evaluate_all("nodes => nodes.map((node) => node.id)")
        assert len(set(ids)) == len(ids)

    def test_charts_have_words_for_who_cannot_see_them(self, visit):
        page = visit("explorer")
        for chart in page.locator(".chart > svg").all():
            assert chart.get_attribute("role") == "img"
            assert len(chart.get_attribute("aria-label")) > 30
