"""What an artifact shows, as a card of a page."""

from __future__ import annotations

from collections.abc import Iterator

from kflite.figures.content import Content
from kflite.figures.data import Confusion, Exhibit, Page, Roc, Slice, Table
from kflite.figures.read import kind
from kflite.format import percent
from kflite.html.document import document
from kflite.html.figure import confusion, roc, values
from kflite.html.markup import Markup, tag


def card(exhibit: Exhibit, held: Content, network: bool) -> Markup:
    """All figures of an artifact, side by side where there is room. held: what a document says."""
    head = tag("header", tag("h3", exhibit.name), tag("span", kind(exhibit.artifact), class_="soft"))
    pages = [document(each, held, exhibit.name, network) for each in exhibit.figures if isinstance(each, Page)]
    troubles = [tag("p", sentence, class_="trouble") for sentence in exhibit.troubles]
    parts = list(_parts(exhibit))
    style = "card broad" if len(parts) > 1 else "card"
    return tag("section", head, tag("div", parts, class_="parts"), pages, troubles, class_=style)


def _parts(exhibit: Exhibit) -> Iterator[Markup]:
    slices = [each for each in exhibit.figures if isinstance(each, Slice)]
    pairs = [(each.name, inner) for each in slices for inner in each.figures if isinstance(inner, Roc)]
    curves = [(place, name, inner) for place, (name, inner) in enumerate(pairs)]
    if curves:
        yield part("ROC curves", roc(curves), "curves")
    for figure in exhibit.figures:
        if isinstance(figure, Slice):
            for inner in figure.figures:
                yield from () if isinstance(inner, Roc) else _figure(inner, figure.name)
        elif not isinstance(figure, Page):
            yield from _figure(figure, "")


def _figure(figure: Table | Roc | Confusion, title: str) -> Iterator[Markup]:
    match figure:
        case Table():
            yield part(title, values(figure))
        case Roc():
            yield part(title or f"ROC curve, AUC {figure.auc:.4f}", roc([(0, "", figure)]), "curves")
        case Confusion():
            right = f"{percent(figure.right)} right"
            yield part(f"{title}: {right}" if title else f"Confusion matrix, {right}", confusion(figure))


def part(title: str, body: Markup, style: str = "") -> Markup:
    """One figure of a card under its title."""
    return tag("div", tag("h4", title) if title else "", body, class_=style or None)
