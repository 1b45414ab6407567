"""What axe says of a page, and whether something spills over its edge."""

import json
from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASKED = f"""axe.run({{
  runOnly: {json.dumps(RULES)}, resultTypes: ['violations'], selectors: false, elementRef: true
}}).then(found => Object.fromEntries(found.violations.map(
  one => [one.id, one.nodes.map(node => node.element.outerHTML.slice(0, 200))])))"""
"""Only what is wrong leaves the page: what axe tells of all that is well takes long to carry."""


def violations(page: Page) -> dict[str, list[str]]:
    """Every rule that the page breaks, with the elements that do."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: dict[str, list[str]] = page.evaluate(ASKED)
    return found


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
