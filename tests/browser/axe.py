"""What axe says of a page, and whether something spills over its edge."""

import json
from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASKED = f"axe.run({{runOnly: {json.dumps(RULES)}, resultTypes: ['violations']}})"


def violations(page: Page) -> dict[str, list[str]]:
    """Every rule that the page breaks, with the elements that do."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(ASKED)["violations"]
    return {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in found}


def spilling(page: Page) -> list[str]:
    """The elements that make the page wider than its screen."""
    found: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          const wide = [...document.querySelectorAll("main *, header *, footer *")].filter(
            (one) => one.getBoundingClientRect().right > width + 0.5);
          return ["the page"].concat(wide.map((one) => one.outerHTML.slice(0, 120)));
        }"""
    )
    return found[:6]
