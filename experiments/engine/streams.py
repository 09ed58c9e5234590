"""Random numbers by position: each run owns a stream that no other run, batch or device disturbs.

A stacked generator would give run 7 other numbers when the batch is split elsewhere.  Here a draw
is a function of (seed of the run, label, index), computed with the SplitMix64 mixing function of
Steele, Lea & Flood (2014) on 64-bit integers, for all runs at once.  A run therefore sees the same
numbers alone and in any chunk, on the CPU and on a GPU (up to the last digit of log and cos).
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = ["Streams"]


def signed(word: int) -> int:
    """Return the low 64 bits as a two's-complement number (PyTorch has no full uint64)."""
    word &= (1 << 64) - 1
    return word - (1 << 64) if word >> 63 else word


GOLDEN = signed(0x9E3779B97F4A7C15)
FIRST = signed(0xBF58476D1CE4E5B9)
SECOND = signed(0x94D049BB133111EB)


def logical_shift(words: Tensor, bits: int) -> Tensor:
    """Shift right without copying the sign bit."""
    return (words >> bits) & ((1 << (64 - bits)) - 1)


def mix(words: Tensor) -> Tensor:
    """Return SplitMix64's finaliser: a bijection of 64-bit words in which every bit affects all."""
    words = (words ^ logical_shift(words, 30)) * FIRST
    words = (words ^ logical_shift(words, 27)) * SECOND
    return words ^ logical_shift(words, 31)


def word_of(label: str) -> int:
    """Return 64 bits that stand for a label."""
    return signed(int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "big"))


@dataclass(frozen=True, slots=True)
class Streams:
    """One independent stream of random numbers for each run.

    Attributes
    ----------
    keys : Tensor, shape (runs,), dtype int64
        State of each stream; its device is where the numbers are made.
    """

    keys: Tensor

    @classmethod
    def of(cls, seeds: np.ndarray, device: torch.device | str = "cpu") -> "Streams":
        """Return the streams of some seeds (unsigned or signed 64-bit integers).

        >>> Streams.of(np.array([5, 6])).uniform("x", 2).shape
        torch.Size([2, 2])
        """
        words = np.ascontiguousarray(seeds, dtype=np.uint64).view(np.int64).copy()
        return cls(mix(torch.from_numpy(words).to(device) + GOLDEN))

    @property
    def runs(self) -> int:
        """Number of streams."""
        return len(self.keys)

    def rows(self, rows: slice) -> "Streams":
        """Return the streams of some runs."""
        return Streams(self.keys[rows])

    def child(self, label: str, index: int = 0) -> "Streams":
        """Return fresh streams for another purpose, independent of these."""
        return Streams(mix(mix(self.keys + word_of(label)) + signed((index + 1) * GOLDEN)))

    def words(self, label: str, *shape: int, index: int = 0) -> Tensor:
        """Return uniform 64-bit words, shape ``(runs, *shape)``, dtype int64."""
        start = self.child(label, index).keys[:, None]
        count = math.prod(shape)
        position = torch.arange(1, count + 1, device=start.device, dtype=torch.int64)
        # The second key between two mixing rounds keeps streams apart whose counters overlap.
        words = mix(mix(start + position * GOLDEN) ^ mix(start))
        return words.view(self.runs, *shape)

    def uniform(
        self, label: str, *shape: int, index: int = 0, dtype: torch.dtype = torch.float64
    ) -> Tensor:
        """Return uniform numbers in [0, 1), shape ``(runs, *shape)``."""
        words = logical_shift(self.words(label, *shape, index=index), 11)
        return (words.to(torch.float64) * 2.0**-53).to(dtype)

    def normal(
        self, label: str, *shape: int, index: int = 0, dtype: torch.dtype = torch.float64
    ) -> Tensor:
        """Return standard normal numbers, shape ``(runs, *shape)``, by the Box-Muller transform."""
        count = math.prod(shape)
        pairs = self.uniform(label, 2, (count + 1) // 2, index=index)
        radius = torch.sqrt(-2.0 * torch.log1p(-pairs[:, 0]))  # 1 - u > 0, so the log is finite
        angle = (2.0 * math.pi) * pairs[:, 1]
        both = torch.cat([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)
        return both[:, :count].reshape(self.runs, *shape).to(dtype)

    def integers(self, label: str, high: int, *shape: int, index: int = 0) -> Tensor:
        """Return integers in ``[0, high)``, shape ``(runs, *shape)``; bias below high / 2**53."""
        return (self.uniform(label, *shape, index=index) * high).to(torch.int64)

    def permutation(self, label: str, count: int, *, index: int = 0) -> Tensor:
        """Return a random order of ``range(count)`` for each run, shape ``(runs, count)``."""
        return torch.argsort(self.words(label, count, index=index), dim=1)
