"""Numbers as people read them."""

from __future__ import annotations


def count(held: float) -> str:
    """How many; weighted counts may be no integers."""
    return str(int(held)) if held == int(held) else f"{held:.4g}"


def percent(share: float | None) -> str:
    """A share, `97.3 %`; all of it and nothing only where it is so. A dash where there is none."""
    if share is None:
        return "-"
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    return f"{min(share, 0.999):.1%}".replace("%", " %") if share >= 0.001 else "<0.1 %"


def change(old: float, new: float, parts: bool = True) -> str:
    """From one number to another: `+0.012 (+1.3 %)`; "" where they are the same. parts: say what part of the old it is."""
    if new == old or old != old or new != new:  # noqa: PLR0124 - not a number
        return ""
    part = f" ({(new - old) / abs(old):+.1%})".replace("%", " %") if old and parts else ""
    return f"{new - old:+.4g}{part}"
