"""Keys and seeds derived from content: equal configurations get equal keys and randomness."""

import hashlib
import json

import numpy as np

__all__ = ["Json", "canonical", "content_key", "seed_sequence"]

ALLOWED = "null, booleans, finite numbers, strings, lists and string-keyed mappings"
Json = object  # a value made of the types above; JSON has no closed static type in Python


def canonical(value: Json) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, shortest round-trip floats.

    >>> canonical({"xi": 1.5, "depth": [1, 2]})
    '{"depth":[1,2],"xi":1.5}'
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        message = f"a configuration holds {ALLOWED} only, got {value!r}: {error}"
        raise TypeError(message) from error


def content_key(value: Json) -> str:
    """Return the SHA-256 of the canonical text, in hexadecimal.

    >>> content_key({"xi": 1, "lam": 2}) == content_key({"lam": 2, "xi": 1}) != content_key({})
    True
    """
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def seed_sequence(value: Json) -> np.random.SeedSequence:
    """Return a seed sequence whose entropy is the content key of ``value``.

    >>> int(seed_sequence(["noise", 3]).generate_state(1)[0])
    2596279548
    """
    return np.random.SeedSequence(int(content_key(value), 16))
