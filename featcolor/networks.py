"""Errors of the backbone network in words for the person who chose it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from featcolor.errors import NetworkError
from features import lite0, network


@contextmanager
def network_errors() -> Iterator[None]:
    """Turn what `features` says of a missing, damaged or foreign network into `featcolor.errors.NetworkError`.

    `features` imports nothing of ours, so its errors are not `FeatcolorError`s.
    """
    try:
        yield
    except (network.NetworkError, lite0.Lite0Error) as error:
        raise NetworkError(f"backbone: {error}; check the network's path, or fit with other --features") from error
