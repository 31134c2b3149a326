"""Pages, and users' documents in them: Markdown as HTML, and HTML in an isolated frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kflite import __version__
from kflite.figures.content import Content
from kflite.figures.data import Page
from kflite.html.markup import Markup, joined, tag

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

# Frames inherit this policy: their scripts run in their own origin, and nothing is loaded.
_ALONE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data: blob:"
_NETWORK = (
    "default-src 'none'; style-src 'unsafe-inline' https:; script-src 'unsafe-inline' 'unsafe-eval' https:; "
    "img-src data: blob: https:; font-src data: https:; connect-src https:"
)
_LOADS = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE)


def page(title: str, body: Markup, made: str, network: bool = False) -> str:
    """The file's text. made: the time of writing; network: whether frames may load from the network."""
    head = (
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_NETWORK if network else _ALONE),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", _sheet()),
    )
    foot = tag("footer", f"kflite {__version__}, {made}")
    page = tag("body", tag("main", body, foot), class_="kflite")
    return f"<!doctype html>\n{tag('html', tag('head', head), page, lang='en')}\n"


def part(body: Markup) -> str:
    """The body for use in another page, such as a notebook."""
    return tag("div", tag("style", _sheet()), body, class_="kflite")


def _sheet() -> Markup:
    return Markup(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))


def document(page: Page, data: Content, title: str, network: bool) -> Markup:
    """A document's content, or its problem."""
    if data.problem:
        return tag("p", data.problem, class_="trouble")
    return markdown(data.text, network) if page.kind == "Markdown" else _frame(data.text, title, network)


def markdown(text: str, network: bool = False) -> Markup:
    """CommonMark with tables; HTML in it is shown as text, and remote pictures only if `network`."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

    def picture(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[index]
        if network or str(token.attrs.get("src", "")).startswith("data:"):
            return renderer.image(tokens, index, options, env)
        return tag("em", f"[picture: {token.content}]")

    parser.add_render_rule("image", picture)
    return tag("div", Markup(parser.render(text)), class_="prose")


def _frame(text: str, title: str, network: bool) -> Markup:
    frame = Markup(
        f'<iframe sandbox="allow-scripts" loading="lazy" referrerpolicy="no-referrer" title="{_attribute(title)}" '
        f'srcdoc="{_attribute(text)}"></iframe>'
    )
    if network or not _LOADS.search(text):
        return frame
    note = "It loads from the network, which this page does not let it do: kflite artifacts open --network does."
    return joined([frame, tag("p", note, class_="trouble")])


def _attribute(text: str) -> str:
    """A text for an attribute in double quotes, with its line breaks."""
    return text.replace("&", "&amp;").replace('"', "&quot;")


def write(text: str, path: Path) -> Path:
    """Write a page that only this user can read; return its absolute path."""
    from kflite.core.paths import private

    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="replace", opener=private) as file:
        file.write(text)
    return path.resolve()
