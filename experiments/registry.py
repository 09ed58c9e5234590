"""What an experiment is: presets that expand into tasks, and a function that runs one task."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import catalogue
from experiments.content import content_key, seed_sequence

if TYPE_CHECKING:
    import torch

__all__ = ["PRESETS", "Experiment", "Task", "find"]

PRESETS = ("smoke", "cpu", "paper")
Config = Mapping[str, Any]  # JSON values only; `content_key` refuses anything else


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work: what is stored, resumed and sent to a worker.

    Attributes
    ----------
    experiment : str
        Name of the experiment.
    version : int
        Version of the experiment; raising it makes every stored result stale.
    config : mapping
        JSON values that say what to run.
    """

    experiment: str
    version: int
    config: Config

    def key(self, device_type: str) -> str:
        """Return the content key of the result of this task on ``"cpu"`` or ``"cuda"``."""
        return content_key([self.experiment, self.version, dict(self.config), device_type])

    def entropy(self, label: str, of: Iterable[str] | None = None) -> np.random.SeedSequence:
        """Return the seed sequence of ``label``, from the configuration alone.

        Parameters
        ----------
        label : str
            What the randomness is for; different labels are independent.
        of : iterable of str, optional
            Configuration fields that decide it (default: all).  Tasks that agree on these fields
            draw the same numbers, so that, say, all xi see the same label noise.
        """
        chosen = dict(self.config) if of is None else {name: self.config[name] for name in of}
        return seed_sequence([self.experiment, label, chosen])

    def seeds(self, count: int, label: str = "runs", of: Iterable[str] | None = None) -> np.ndarray:
        """Return ``count`` run seeds, shape ``(count,)``, dtype uint64; see `entropy`."""
        return self.entropy(label, of).generate_state(count, np.uint64)

    def rng(self, label: str = "data", of: Iterable[str] | None = None) -> np.random.Generator:
        """Return a NumPy generator; see `entropy`."""
        return np.random.default_rng(self.entropy(label, of))


Run = Callable[[Task, "torch.device"], Mapping[str, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A named, versioned family of tasks.

    Attributes
    ----------
    name : str
        The module's name, and the folder under ``results/``.
    version : int
        Raise it whenever the stored numbers would change.
    presets : mapping
        Settings (JSON values) for each of ``smoke``, ``cpu`` and ``paper``.
    tasks : callable
        From the settings of a preset to the configurations of its tasks, in storing order.
    run : callable
        ``run(task, device)`` returns named arrays whose shapes and types are the same for every
        task; it must be a module-level function, so that a worker process can import it.
    """

    name: str
    version: int
    presets: Mapping[str, Config]
    tasks: Callable[[Config], Iterable[Config]]
    run: Run

    def expand(self, preset: str) -> list[Task]:
        """Return the tasks of a preset, checking that no two of them are the same."""
        if preset not in self.presets:
            known = ", ".join(self.presets)
            raise ValueError(f"preset must be one of {known} for {self.name}; got {preset!r}")
        configs = self.tasks(self.presets[preset])
        tasks = [Task(self.name, self.version, dict(config)) for config in configs]
        if not tasks:
            raise ValueError(f"preset {preset!r} of {self.name} has no tasks")
        if len({task.key("cpu") for task in tasks}) < len(tasks):
            raise ValueError(f"preset {preset!r} of {self.name} lists one task twice")
        return tasks


def find(name: str) -> Experiment:
    """Import experiment ``name`` and return its ``EXPERIMENT``."""
    version = catalogue.declared_version(name)
    experiment = getattr(importlib.import_module(f"{catalogue.PACKAGE}.{name}"), "EXPERIMENT", None)
    if not isinstance(experiment, Experiment):
        raise TypeError(f"experiments.{name} must define EXPERIMENT, an Experiment")
    if (experiment.name, experiment.version) != (name, version):
        message = f"EXPERIMENT of experiments.{name} must carry name={name!r} and version=VERSION"
        raise ValueError(f"{message}; got {experiment.name!r} and {experiment.version!r}")
    if set(experiment.presets) != set(PRESETS):
        raise ValueError(f"experiment {name!r} must declare the presets {', '.join(PRESETS)}")
    return experiment
