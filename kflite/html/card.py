"""An artifact's figures as a card of a page."""

from __future__ import annotations

from collections.abc import Iterator

from kflite.figures.content import Content
from kflite.figures.data import Confusion, Page, Roc, Slice, Table, Visualization
from kflite.figures.read import kind
from kflite.format import percent
from kflite.html.document import document
from kflite.html.figure import confusion, roc, values
from kflite.html.markup import Markup, tag


def card(visualization: Visualization, data: Content, network: bool) -> Markup:
    """All figures of an artifact, side by side if there is room. data: a document's content."""
    head = tag("header", tag("h3", visualization.name), tag("span", kind(visualization.artifact), class_="soft"))
    pages = [document(each, data, visualization.name, network) for each in visualization.figures if isinstance(each, Page)]
    warnings = [tag("p", sentence, class_="trouble") for sentence in visualization.warnings]
    parts = list(_parts(visualization))
    style = "card broad" if len(parts) > 1 else "card"
    return tag("section", head, tag("div", parts, class_="parts"), pages, warnings, class_=style)


def _parts(visualization: Visualization) -> Iterator[Markup]:
    slices = [each for each in visualization.figures if isinstance(each, Slice)]
    pairs = [(each.name, inner) for each in slices for inner in each.figures if isinstance(inner, Roc)]
    curves = [(index, name, inner) for index, (name, inner) in enumerate(pairs)]
    if curves:
        yield part("ROC curves", roc(curves), "curves")
    for figure in visualization.figures:
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
    """One figure of a card, with its title."""
    return tag("div", tag("h4", title) if title else "", body, class_=style or None)
