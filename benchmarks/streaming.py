"""Data that do not fit memory: rows a second, growth, agreement and peak memory of one pass."""

import math
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.harness import Kind, Options, Row, Work, compare, growth, timed
from benchmarks.machine import product_rate
from sdtheory import label_noise
from sdtheory.spectral import GramAccumulator, LeftOutAccumulator, QRAccumulator, Spectrum, stream

TOPIC = "streaming"
FEATURES, CHUNK = 200, 10_000
ALLOWED = 2**30
LAM = 100.0


def chunks(rows: int, start: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield made-up data whose chunk k depends on k alone, so that a pass can be repeated."""
    theta = np.random.default_rng(0).normal(size=FEATURES)
    for k in range(start // CHUNK, math.ceil(rows / CHUNK)):
        rng = np.random.default_rng([1, k])
        size = min(CHUNK, rows - k * CHUNK)
        x = rng.standard_normal((size, FEATURES))
        x *= np.linspace(1.0, 0.05, FEATURES)
        x += 1.0
        yield x, x @ theta + 10.0 * rng.standard_normal(size)


def one_pass(rows: int) -> None:
    """Stream, tune the weight by cross-validation, and print peak memory in bytes."""
    seen = GramAccumulator()
    stream(seen, chunks(rows), rows)
    tuned = label_noise.tune_summary(seen.summary(intercept=True), LAM)
    assert np.isfinite(tuned.xi)
    print(peak_bytes())


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():  # what `getrusage` says there includes the parent at the time of the fork
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def rows(options: Options) -> list[Row]:
    return [*throughput(options), *growths(options), agreement(options), memory(options)]


def throughput(options: Options) -> list[Row]:
    """One chunk at a time against the bare reduction, and both kinds against the data at once."""
    count = options.pick(2000, 30_000)
    held = list(chunks(count))
    x, y = np.concatenate([c[0] for c in held]), np.concatenate([c[1] for c in held])
    x, y = options.put(x), options.put(y)
    parts = [(options.put(a), options.put(b)) for a, b in held]

    def moments() -> GramAccumulator:
        seen = GramAccumulator()
        for part in parts:
            seen.update(*part)
        return seen

    def triangles() -> QRAccumulator:
        seen = QRAccumulator()
        for part in parts:
            seen.update(*part)
        return seen

    def left_out() -> list[label_noise.TunedXi]:
        second = LeftOutAccumulator(summary, LAM)
        for part in parts:
            second.update(*part)
        return label_noise.tune_left_out(second)

    summary = moments().summary()
    case = f"{count:,} x {FEATURES} in {len(parts)} chunks"
    bare = statistics.median(timed(moments, 3, options))
    rate = count * FEATURES**2 / bare / product_rate(options)
    return [
        compare(
            TOPIC, f"Gram accumulator, {case}", moments,
            lambda: sum(a.T @ a for a, _ in parts), options, against="X'X of each chunk",
            kind="limit", rounds=3,
            note=f"centring is one more pass over a chunk; {rate:.0%} of the rate of a product, "
            "half a product counted",
        ),
        compare(
            TOPIC, f"Gram accumulator and spectrum, {case}", lambda: moments().summary(),
            lambda: Spectrum.from_design(x), options, against="SVD of the data at once", rounds=2,
        ),
        compare(
            TOPIC, f"QR accumulator and spectrum, {case}", lambda: triangles().summary(),
            lambda: Spectrum.from_design(x), options, against="SVD of the data at once", rounds=2,
        ),
        compare(
            TOPIC, f"leave-one-out in a second pass, {case}", left_out,
            lambda: label_noise.tune_xi(x, y, LAM), options,
            against="tune_xi with the data at once", rounds=2,
        ),
    ]  # fmt: skip


def growths(options: Options) -> list[Row]:
    def in_rows(count: int) -> Work:
        held = list(chunks(count))

        def work() -> None:
            stream(GramAccumulator(), held)

        return work

    def in_features(count: int) -> Work:
        x = np.ones((5000, count))

        def work() -> None:
            GramAccumulator().update(x, x[:, 0])

        return work

    return [
        growth(TOPIC, "Gram accumulator, 200 features", "rows", (10_000, 30_000, 90_000),
               in_rows, options, wanted=1.1),
        growth(TOPIC, "Gram accumulator, 5,000 rows", "features", (100, 200, 400, 800),
               in_features, options, wanted=2.1),
    ]  # fmt: skip


def agreement(options: Options) -> Row:
    """A subsample, streamed and held: the weight and all risks agree to 1e-9."""
    count = options.pick(1000, 30_000)
    held = list(chunks(count))
    x, y = np.concatenate([c[0] for c in held]), np.concatenate([c[1] for c in held])
    seen = GramAccumulator()
    for k in range(0, count, 777):
        seen.update(x[k : k + 777], y[k : k + 777])
    a = label_noise.tune_summary(seen.summary(intercept=True), LAM)
    b = label_noise.tune_xi(x, y, LAM, "gcv", intercept=True)
    gaps = [abs(float(getattr(a, f)) / float(getattr(b, f)) - 1) for f in ("xi", "risk")]
    return share(f"GCV weight and risk of {count:,} rows, streamed and held",
                 "relative gap of 1e-9", max(gaps) / 1e-9, options,
                 note=f"gap {max(gaps):.0e}")  # fmt: skip


def memory(options: Options) -> Row:
    """Peak memory of a process that streams ten million rows."""
    count = options.pick(20_000, 10_000_000)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.streaming", str(count)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime
    peak = int(run.stdout.split()[-1])
    return share(f"{count:,} x {FEATURES} rows made, streamed and tuned", "1 GiB of memory",
                 peak / ALLOWED, options, seconds,
                 f"peak {peak / 2**20:.0f} MiB with Python; {count / seconds:,.0f} rows/s with "
                 "the making of them")  # fmt: skip


def share(
    case: str, against: str, ratio: float, options: Options, seconds: float = math.nan,
    note: str = "",
) -> Row:  # fmt: skip
    kind: Kind = "memory"
    row = Row(TOPIC, case, kind, against, ratio, ratio, ratio, seconds, math.nan, 1.0, 1, note)
    return options.log(row)


if __name__ == "__main__":
    one_pass(int(sys.argv[1]))
