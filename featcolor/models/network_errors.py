"""Errors of networks in words for the person who chose them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from featcolor.errors import NetworkError
from features import network

FITTED = "check the network's path, or fit with other --features"
"""What helps where the features of a model need a network."""
DEFAULT = "check the file, or fit a model with 'featcolor fit REFS... -o town.featcolor' and add --model town.featcolor"
"""What helps where a colour network colours by itself."""


@contextmanager
def network_errors(prefix: str = "backbone: ", remedy: str = FITTED) -> Iterator[None]:
    """Turn what `features` says of a missing, damaged or foreign network into `featcolor.errors.NetworkError`.

    `features` imports nothing of ours, so its errors are not `FeatcolorError`s.
    """
    try:
        yield
    except network.MissingPackageError as error:
        raise NetworkError(f"{prefix}{error}") from error
    except network.NetworkError as error:
        raise NetworkError(f"{prefix}{error}; {remedy}") from error
