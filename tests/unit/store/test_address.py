"""A store's URL: what is shown of it, and which mistakes are named."""

from __future__ import annotations

import pytest

from kflite import store
from kflite.errors import InputError, KfliteError, StoreError
from kflite.store.address import redacted

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////home/me/kflite.db", "sqlite:////home/me/kflite.db"),
        (f"postgresql://me:{SECRET}@host:5432/runs", "postgresql://me@host:5432/runs"),
        (f"postgres://me:{SECRET}@a:1,b:2/runs?options=-csearch_path%3Dx", "postgres://me@a:1,b:2/runs"),
        (f"postgresql://host/runs?user=me&password={SECRET}", "postgresql://host/runs"),
        (f"postgresql://me:{SECRET}@@host/runs", "postgresql://me@host/runs"),
        ("postgresql:///runs", "postgresql:///runs"),
    ],
)
def test_a_url_is_shown_without_what_is_secret(url: str, expected: str) -> None:
    assert redacted(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{SECRET}@host.invalid:1/runs",
        f"postgresql://me:{SECRET}@127.0.0.1:1/runs?connect_timeout=1",
        f"postgresql://127.0.0.1:1/runs?password={SECRET}",
        f"postgresql://me:x@{SECRET}@127.0.0.1/runs",
        f"postgresql://me:x/{SECRET}@127.0.0.1/runs",
        f"postgresql://me:x#{SECRET}@127.0.0.1/runs",
        f"postgresql://me:{SECRET}%zz@127.0.0.1/runs",
        f"mysql://me:{SECRET}@host/runs",
    ],
)
def test_no_message_holds_a_password(url: str) -> None:
    with pytest.raises(KfliteError) as raised:
        store.open(url)
    assert SECRET not in str(raised.value)


def test_a_letter_that_ends_a_password_is_named() -> None:
    with pytest.raises(StoreError, match="@ is to be written %40"):
        store.open("postgresql://me:p@ss@host/runs")


def test_another_kind_of_store_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="give sqlite:///PATH or postgresql://"):
        store.open("redis://host")


def test_a_store_that_cannot_be_reached_says_so() -> None:
    with pytest.raises(StoreError, match=r"me@127.0.0.1:1/runs cannot be reached.*is its server running"):
        store.open("postgresql://me@127.0.0.1:1/runs")
