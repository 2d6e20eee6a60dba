"""What axe, the checker of accessibility, finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")


def violations_of(page: Page, *rules: str) -> list[str]:
    """Return the serious and critical findings of axe on this page as it is shown: rule, places, what is wrong.

    Rules by their names in axe; none: all of them.
    """
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [_words(violation) for violation in found if violation["impact"] in GRAVE]


def _words(violation: dict[str, object]) -> str:
    nodes: list[dict[str, list[str]]] = violation["nodes"]  # type: ignore[assignment]
    places = "; ".join(" ".join(map(str, node["target"])) for node in nodes[:3])
    return f"{violation['id']} at {places}: {violation['help']} ({nodes[0].get('failureSummary', '')})"
