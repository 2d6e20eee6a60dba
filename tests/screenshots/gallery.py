"""The index of the pictures: a page that shows them side by side."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.screenshots.camera import Taken

HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Screenshots</title>
<style>body{font:14px system-ui;margin:24px;background:#888}section{margin-bottom:40px}
img{border:0;vertical-align:top;margin-right:12px;height:560px;object-fit:contain;object-position:top}
.row{white-space:nowrap;overflow-x:auto}.bad{color:#700}</style>
"""


def write_index(folder: Path, taken: Iterable["Taken"]) -> None:
    """Write `index.html` into the folder of the pictures."""
    (folder / "index.html").write_text(HEAD + "".join(map(_section, taken)), encoding="utf-8")


def _section(one: "Taken") -> str:
    images = "".join(
        f'<a href="{escape(name)}"><img src="{escape(name)}" loading="lazy" alt=""></a>' for name in one.pictures
    )
    complaints = "".join(f'<p class="bad">{escape(complaint)}</p>' for complaint in one.complaints)
    return f'<section><h2>{escape(one.name)}</h2>{complaints}<div class="row">{images}</div></section>'
