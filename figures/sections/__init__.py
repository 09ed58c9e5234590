"""The sections of the report: each turns one kind of result into HTML, or into nothing."""

from figures.sections.benchmarks import benchmarks
from figures.sections.claims import VERDICTS, claims, tallies
from figures.sections.gallery import figures
from figures.sections.networks import networks
from figures.sections.parts import read

__all__ = ["VERDICTS", "benchmarks", "claims", "figures", "networks", "read", "tallies"]
