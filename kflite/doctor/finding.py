"""A finding of the doctor."""

from __future__ import annotations

from kflite.core.frozen import dataclass
from kflite.core.value import Value


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. ok: None if something is missing that only some runs need; remedy: how to get it."""

    name: str
    ok: bool | None
    text: str
    remedy: str = ""

    @property
    def word(self) -> str:
        """`ok`, `missing` or `wrong`."""
        return "ok" if self.ok else "missing" if self.ok is None else "wrong"

    def as_json(self) -> dict[str, Value]:
        """The finding as `--json` prints it."""
        return {"name": self.name, "state": self.word, "text": self.text, "remedy": self.remedy}
