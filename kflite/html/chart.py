"""ROC curves as SVG."""

from __future__ import annotations

from collections.abc import Sequence

from kflite.figures.data import Roc
from kflite.html.markup import Markup, joined, tag

COLOURS = 8  # colours of curves in the style sheet; further curves are dashed
Curve = tuple[int, str, Roc]  # the number of the colour, a name, and the curve

_SIDE = 300.0  # of the square between the axes, in the picture's units
_LEFT, _TOP = 44.0, 10.0
_DOTTED = 60  # points at most that are marked, with their thresholds
_WIDTH, _WIDER, _WIDEST = 2.2, 1.8, 6.0  # of curves: the earlier, the wider, so that none hides another that is the same
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def chart(curves: Sequence[Curve]) -> Markup:
    """The curves in one chart, with a text description."""
    description = "; ".join(
        f"{name + ': ' if name else ''}area under the curve {roc.auc:.4f}, {_shape(roc)}" for _, name, roc in curves
    )
    widths = [_WIDTH + _WIDER * (len(curves) - 1 - index) for index in range(len(curves))]
    shapes = [
        *_axes(),
        *(_curve(*curve, min(width, _WIDEST), len(curves) == 1) for curve, width in zip(curves, widths, strict=True)),
    ]
    text = f"ROC curve{'s' if len(curves) > 1 else ''}. {description}"
    return tag("svg", shapes, viewBox="0 0 358 356", role="img", aria_label=text, class_="roc")


def _shape(roc: Roc) -> str:
    marks = []
    for fpr in (0.05, 0.2):
        best = max((point.tpr for point in roc.points if point.fpr <= fpr), default=0.0)
        marks.append(f"true positive rate {best:.2f} at a false positive rate of {fpr}")
    return ", ".join(marks)


def _axes() -> list[Markup]:
    lines = []
    for tick in _TICKS:
        x, y = _x(tick), _y(tick)
        lines.append(_line(x, _TOP, x, _TOP + _SIDE, "grid"))
        lines.append(_line(_LEFT, y, _LEFT + _SIDE, y, "grid"))
        lines.append(_label(f"{tick:g}", x, _TOP + _SIDE + 16, "middle"))
        lines.append(_label(f"{tick:g}", _LEFT - 7, y + 4, "end"))
    lines.append(_line(_x(0), _y(0), _x(1), _y(1), "chance"))
    lines.append(_label("false positive rate", _x(0.5), _TOP + _SIDE + 36, "middle"))
    turned = f"rotate(-90 11 {_y(0.5):g})"
    return [*lines, tag("text", "true positive rate", x="11", y=f"{_y(0.5):g}", text_anchor="middle", transform=turned)]


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    return tag("line", x1=f"{x1:g}", y1=f"{y1:g}", x2=f"{x2:g}", y2=f"{y2:g}", class_=style)


def _label(text: str, x: float, y: float, anchor: str) -> Markup:
    return tag("text", text, x=f"{x:g}", y=f"{y:g}", text_anchor=anchor)


def _curve(index: int, name: str, roc: Roc, width: float, alone: bool) -> Markup:
    corners = _pixels(roc)
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in corners)
    colour = f"c{index % COLOURS}"
    dashes = None if index < COLOURS else f"{2 + 4 * (index // COLOURS)} 3"
    parts = [tag("path", d=f"{path}L{_x(1):g} {_y(0):g}Z", class_="area")] if alone else []
    parts.append(tag("path", d=path, class_="curve", stroke_width=f"{width:g}", stroke_dasharray=dashes))
    if len(roc.points) <= _DOTTED and alone:
        parts += [_dot(point.fpr, point.tpr, f"threshold {point.threshold:.4g}") for point in roc.points]
    return tag("g", tag("title", f"{name or 'ROC curve'}, AUC {roc.auc:.4f}"), parts, class_=colour)


def _dot(fpr: float, tpr: float, text: str) -> Markup:
    note = tag("title", f"{text}: true positive rate {tpr:.4g}, false positive rate {fpr:.4g}")
    mark = tag("circle", cx=f"{_x(fpr):.1f}", cy=f"{_y(tpr):.1f}", r="2.5")
    halo = tag("circle", cx=f"{_x(fpr):.1f}", cy=f"{_y(tpr):.1f}", r="7", class_="halo")
    return tag("g", note, joined([halo, mark]), class_="dot")


def _pixels(roc: Roc) -> list[tuple[float, float]]:
    """The curve's distinct corners in the picture."""
    return list(dict.fromkeys((round(_x(fpr), 1), round(_y(tpr), 1)) for fpr, tpr in roc.corners))


def _x(rate: float) -> float:
    return _LEFT + rate * _SIDE


def _y(rate: float) -> float:
    return _TOP + (1 - rate) * _SIDE
