"""The universal curve against its 60-digit antiderivative, and against itself inverted."""

import mpmath
import numpy as np
import pytest

from sdtheory.jepa import _curve
from sdtheory.jepa._curve import SPACING, advance, curve, elapsed

EPS = np.finfo(float).eps
LINES = [(-a, a) for a in (0.0, 1 / 3, 5.0, 199.0)]
LINES += [(a + 1, -(a + 1)) for a in (0.0, 1 / 3, 3.0, 199.0)]
LINES += [(a + 1, -1.0) for a in (1 / 3, 99.0)]


@pytest.mark.parametrize(("p", "q"), LINES)
@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (-3.0, -2.999),
        (-1.0, 1.0),
        (0.5, 6.0),
        (4.0, 4.5),
        (6.0, 9.0),
        (-0.3, 0.0),
        (-46.0, -44.0),
        (50.0, 50.5),
        (-8.0, -7.0),
    ],
)
def test_elapsed_is_the_integral_of_the_weight(exact_elapsed, p, q, start, stop):
    mantissa, exponent = elapsed(curve(p, q), np.array([start]), np.array([stop]))
    got = float(mantissa[0] * np.exp(exponent[0]))
    want = exact_elapsed(p, q, start, stop)
    # the exponent |phi| <= (1 + |p|) * range is rounded before it is exponentiated
    tolerance = 30 * EPS * (1 + (1 + abs(p)) * (stop - start))
    assert abs(got / want - 1) < tolerance


def seams(line):
    """Return points beside, at and outside of the knots where the table changes its formula."""
    last = line.knots.size - 1
    places = {0, 1, line.reference - 1, line.reference, line.reference + 1, last - 1, last}
    points = [-60.0, -45.0, -6.0, 7.0, 45.0, 60.0]
    for j in sorted(places - {-1}):
        width = 0.5 * (line.knots[min(j + 1, last)] - line.knots[max(j - 1, 0)])
        points += list(line.knots[j] + width * np.array([-5.3, -1 / 3, 0.0, 1 / 3, 1.6, 5.3]))
    return np.sort(points)


def rises(p, q, start, stop):
    """Return the log of the weight at `stop` in weights at `start`."""
    return p * (stop - start) + q * (np.logaddexp(0, stop) - np.logaddexp(0, start))


@pytest.mark.parametrize(("p", "q"), LINES)
def test_the_table_has_no_seams(exact_elapsed_among, p, q):
    """Within a panel, over all of them, and from one end of the line to the other."""
    line = curve(p, q)
    points = seams(line)
    exact = exact_elapsed_among(p, q, points)
    i, j = np.triu_indices(points.size, 1)
    mantissa, exponent = elapsed(line, points[i], points[j])
    error = [
        float(mpmath.log(exact[a][b] / mpmath.mpf(m)) - e)
        for a, b, m, e in zip(i, j, mantissa, exponent, strict=True)
    ]
    # phi, rounded, is exponentiated: at both ends if they are close, over all the way if not
    size = (1 + abs(p) + abs(q)) * (1 + np.maximum(np.abs(points[i]), np.abs(points[j])))
    assert (np.abs(error) <= 4 * EPS * size).all()


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(("p", "q"), LINES)
def test_advance_crosses_every_seam(exact_elapsed_among, p, q, back):
    if back and p > 0:
        pytest.skip("a decay is never followed back")
    line = curve(p, q)
    points = np.append(seams(line), -200.0 if p > 0 else line.knots[line.reference])
    exact = exact_elapsed_among(p, q, points)
    i, j = np.triu_indices(points.size - 1, 1)
    i, j = (j, i) if back else (i, j)
    drift = np.array([float(exact[a][b]) for a, b in zip(i, j, strict=True)])
    level = np.array([abs(float(row[-1])) for row in exact])[i]  # what the drift is added to
    start, stop = points[i], points[j]
    with np.errstate(all="ignore"):  # beyond the largest float nothing is compared
        lost = (np.abs(drift) + level) / np.exp(rises(p, q, start, stop))
        reach = 1 + np.abs(start) + np.abs(stop)
        rounding = 2 * EPS * reach * ((1 + abs(p) + abs(q)) * lost + 1)
        known = (np.abs(drift) < 1e300) & (rounding < 1e-6)
    assert known.sum() > 100
    move = advance(line, start[known], drift[known])
    assert (np.abs(move - (stop - start)[known]) <= rounding[known]).all()


@pytest.mark.parametrize(("p", "q"), LINES)
def test_advance_inverts_elapsed(p, q, rng):
    line = curve(p, q)
    start = rng.uniform(-50, 50, 400)
    stop = start + rng.uniform(0, 30, 400) ** rng.integers(1, 3, 400) / 30
    mantissa, exponent = elapsed(line, start, stop)
    with np.errstate(over="ignore"):
        drift = mantissa * np.exp(exponent)
    start, stop, drift = (a[drift < 1e300] for a in (start, stop, drift))
    move = advance(line, start, drift)
    # moving by d changes the integral by weight(stop) d: its rounding divided by the weight there
    rise = p * (stop - start) + q * (np.logaddexp(0, stop) - np.logaddexp(0, start))
    reach = 1 + np.abs(start) + np.abs(stop)
    # the integral from the reference, at most drift + 1 + |start|, is scaled by exp(|phi|)
    conditioning = (drift + 1 + np.abs(start)) * np.exp(-np.clip(rise, -700, 700))
    rounding = 10 * EPS * reach * (1 + (1 + abs(p)) * conditioning)
    resolved = rounding < 1e-3
    assert resolved.sum() > 60
    assert (np.abs(move - (stop - start)) <= rounding)[resolved].all()


@pytest.mark.parametrize(("p", "q"), LINES)
def test_advance_is_monotone_and_finite(p, q):
    drift = np.concatenate([[0.0], np.geomspace(1e-300, 1e300, 601)])
    for start in (-1e6, -700.0, -40.0, 0.0, 3.0, 39.0, 100.0):
        if p <= 0 and start == -1e6:
            continue  # the stand-in for "no covariance" occurs only where p > 0
        move = advance(curve(p, q), np.full_like(drift, start), drift)
        assert move[0] == 0
        assert np.isfinite(move).all()
        slack = 60 * EPS * (1 + np.abs(start) + np.abs(move[1:]))
        assert (np.diff(move) >= -slack).all()


def test_a_negative_drift_goes_back():
    line = curve(-5.0, 5.0)
    move = advance(line, np.array([2.0]), np.array([-3.0]))
    mantissa, exponent = elapsed(line, 2.0 + move, np.array([2.0]))
    rise = -5.0 * -move + 5.0 * (np.logaddexp(0, 2.0) - np.logaddexp(0, 2.0 + move))
    np.testing.assert_allclose(mantissa * np.exp(exponent - rise), 3.0, rtol=1e-12)


@pytest.mark.parametrize(("p", "q"), [line for line in LINES if line[0] < 0 or sum(line) > 0])
def test_drifts_up_to_the_largest_float(exact_elapsed, p, q):
    """Along the exponential ends, where nothing saturates."""
    line, back = curve(p, q), p < 0
    slope = p if back else p + q
    start = (-1 if back else 1) * (line.reach - 0.5)
    stop = start + (708.0 + np.log(abs(slope))) / slope
    drift = float(exact_elapsed(p, q, start, stop))
    assert 1e307 < abs(drift) < np.inf
    move = float(advance(line, np.array([start]), np.array([drift]))[0])
    # in an exponent of 709, and in phi
    rounding = 4 * EPS * (abs(stop) + (709 + (abs(p) + abs(q)) * line.reach) / abs(slope))
    assert abs(move - (stop - start)) <= rounding


@pytest.mark.parametrize(("p", "q"), LINES)
def test_short_moves_beyond_the_knots_keep_their_digits(p, q):
    line = curve(p, q)
    for start, slope in ((-60.0, p), (60.0, p + q)):
        for drift in (1e-12, 1e-3, 0.9 / (1 + abs(slope))):
            move = advance(line, np.array([start]), np.array([drift]))
            np.testing.assert_allclose(np.expm1(slope * move) / slope if slope else move, drift,
                                       rtol=8 * EPS)  # fmt: skip


def test_many_drifts_from_many_starts_are_treated_in_blocks(rng, monkeypatch):
    line, start = curve(-5.0, 5.0), rng.uniform(-5, 5, 7)
    drift = np.exp(rng.uniform(-3, 3, (7, 9)))
    want = np.array([[advance(line, start[i : i + 1], drift[i, j : j + 1])[0]
                      for j in range(9)] for i in range(7)])  # fmt: skip
    for block in (1, 5, 9, 62, 63, 64, 100):
        monkeypatch.setattr(_curve, "BLOCK", block)
        np.testing.assert_array_equal(advance(line, start, drift), want)


@pytest.mark.parametrize(("p", "q"), LINES)
def test_knots_are_evenly_spaced_in_the_clock_of_the_weight(p, q):
    line = curve(p, q)
    assert (line.knots[0], line.knots[-1]) == (-line.reach, line.reach)
    widths = np.diff(line.knots)
    assert widths.min() > 0
    changes = widths + np.abs(rises(p, q, line.knots[:-1], line.knots[1:]))
    np.testing.assert_allclose(changes, changes.mean(), rtol=2e-3)  # interpolated
    assert 0.98 * SPACING < changes.max() < 1.002 * SPACING
    # beyond them the weight is exponential to the last digit
    assert abs(q) * np.exp(-line.reach) < 1.01 * EPS


@pytest.mark.parametrize(("p", "q"), LINES)
def test_one_step_finds_a_point_within_a_panel(monkeypatch, rng, p, q):
    """Advancing evaluates the integral within a panel at the start, and once at the guess."""
    calls, plain = [], _curve._local
    monkeypatch.setattr(_curve, "_local", lambda *given: calls.append(1) or plain(*given))
    line = curve(p, q)
    calls.clear()
    start, drift = rng.uniform(-35, 30, 5000), np.exp(rng.uniform(-10, 30, 5000))
    move = advance(line, start, drift)
    assert len(calls) == 2
    monkeypatch.setattr(_curve, "ENOUGH", 1e-9)  # as many steps as it takes
    again = advance(line, start, drift)
    assert len(calls) > 4 or p == 100.0 or p == q == 0
    # a fiftieth of the cube of a change of 3e-5, in units of 1 / (1 + |phi'|)
    np.testing.assert_allclose(move, again, rtol=0, atol=4 * EPS * 40)
