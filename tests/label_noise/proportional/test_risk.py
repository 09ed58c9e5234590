"""Asymptotic formulas: reference numbers, 50-digit arithmetic of another form, and simulation."""

import mpmath
import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st
from strategies import log_floats

from paper_checks._complex_designs import adjoint, gaussian
from sdtheory.claims import SCORE_LIMIT, z_score
from sdtheory.label_noise import ProportionalProblem, asymptotics, asymptotics_grid
from sdtheory.label_noise.proportional import risk

EPS = np.finfo(float).eps
THREE = ([4.0, 1.0, 0.25], [0.7, 0.2, 0.1], 0.8, 0.5, [0.2, 0.3, 0.5])
REFERENCE = [
    (([1.0], [1.0], 0.5, 1.0), 0.1,
     (0.174165738677394138, 1.60356745147454631, 1.46380073057646723, 1.42539329019959671,
      1.86666666666666667, 0.0511341661822240532, 1.09910813713136342)),
    (([1.0], [1.0], 1.5, 1.0), 0.05,
     (0.629436171968945630, 2.64163439107074182, 2.29323021518217008, 1.93544907805040712,
      3.46964285714285714, 0.0586609556517138235, 1.81740552713636922)),
    (THREE, 0.3,
     (0.524478176208155302, 0.784610019027551158, 0.823195790200174842, 0.783027164461743736,
      0.165628949411492309, 0.0576990309189611899, 1.21643835381715400)),
]  # fmt: skip
# AR(1) features with correlation 1/4, 90% of the signal on the 20 largest of 200 eigenvalues.
CURVE = """
0.001 0.0019955009825499715814 1.9910386192553648089 1.9822121073469814411 \
1.4464579503575247768 122.89453232363652077 0.000036057623411821372244 1.0022388559525959
0.01 0.019576335442332717531 1.9184540287408043722 1.8477793702671130598 1.4259421928252334105 \
13.4180853035350493 0.0027354927922003603522 1.0202572979574068153
0.1 0.17229299855387851135 1.5702580339074622942 1.4185107314728362342 1.3649512705125881125 \
2.0439845876806773423 0.049141456347882282385 1.1027081312700891989
0.45 0.6390755516300193981 1.3771506376222700014 1.4649296435854337493 1.3770840063817064471 \
0.026802772126850529078 0.09275097231412222866 1.1427847958049058488
1 1.2711231448202699332 1.4485680292484159389 1.7389227431485022866 1.3650024025071145337 \
-0.89660510474740487527 0.10395018352471258038 1.1310023532350294829
2.5 2.8614295132913176665 1.7060887800576145929 2.1469154085374090002 1.3478945798591963586 \
-2.026137038147294247 0.087253110544450725254 1.0953859952685065959
10 10.451589670794588336 2.1897241461075428824 2.5013611009431374277 1.3747033068385426857 \
-5.6901924273039066502 0.025171830964496022737 1.0392280253983195991
100 100.49443432571906304 2.5215110748159606876 2.5693513912293878013 1.4168579584648056891 \
-46.675545553561747533 0.00050704571459709569858 1.0048655833443759055
1000000 1000000.4999994336899 2.5703674546761882035 2.5703724984071745764 \
1.4241813240911273671 -454499.81159312080652 5.5486551468947102838e-12 1.0000004999986173817
"""


def fields(found):
    return (found.kappa, found.teacher_risk, found.pure_risk, found.student_risk, found.xi,
            found.distance, found.gcv_inflation)  # fmt: skip


def autoregressive(p=200):
    s = np.linalg.eigvalsh(0.25 ** np.abs(np.subtract.outer(np.arange(p), np.arange(p))))[::-1]
    energy = np.where(np.arange(p) < p // 10, 0.9 / (p // 10), 0.1 / (p - p // 10))
    return ProportionalProblem(s.copy(), energy, 0.5, 1.0)


@pytest.mark.parametrize(("arguments", "lam", "want"), REFERENCE)
def test_reference_numbers(arguments, lam, want):
    np.testing.assert_allclose(fields(asymptotics(ProportionalProblem(*arguments), lam)), want,
                               rtol=1e-13)  # fmt: skip


def test_reference_curve():
    table = np.array([row.split() for row in CURVE.strip().splitlines()], dtype=float)
    got = asymptotics(autoregressive(), table[:, 0])
    # The weight vanishes near 0.64: there it is a difference of terms of order one.
    np.testing.assert_allclose(np.stack(fields(got), axis=1), table[:, 1:], rtol=3e-12)


def by_resolvents(s, energy, masses, ratio, noise, lam):
    """Evaluate the published closed forms, which subtract, in 50 digits."""
    s, energy, masses = ([mpmath.mpf(float(v)) for v in values] for values in (s, energy, masses))
    ratio, noise, lam = mpmath.mpf(ratio), mpmath.mpf(noise), mpmath.mpf(lam)

    def gap(k):
        return (
            k
            - ratio * mpmath.fsum(m * k * v / (v + k) for m, v in zip(masses, s, strict=True))
            - lam
        )

    low, high = (
        mpmath.mpf(0),
        lam + ratio * mpmath.fsum(m * v for m, v in zip(masses, s, strict=True)),
    )
    for _ in range(190):
        middle = (low + high) / 2
        low, high = (low, middle) if gap(middle) > 0 else (middle, high)
    k = mpmath.findroot(gap, (low, high), solver="anderson", tol=1e-80, verify=False)
    t = [
        ratio * mpmath.fsum(w * v**2 / (v + k) ** m for w, v in zip(masses, s, strict=True))
        for m in range(5)
    ]
    q = [
        mpmath.fsum(e * v / (v + k) ** m for e, v in zip(energy, s, strict=True)) for m in range(5)
    ]
    b = 1 / (1 - t[2])
    e = k - b * lam + b**2 * k * lam * t[3]
    q2 = k**2 * b * q[2]
    q3 = 2 * k * b * e * q[2] + 2 * k**2 * b**2 * lam * q[3]
    q4 = (
        (b * e**2 + b**4 * k**2 * lam**2 * t[4] + b**5 * k**2 * lam**2 * t[3] ** 2) * q[2]
        + 2 * b**2 * k * lam * e * q[3]
        + b**3 * k**2 * lam**2 * q[4]
    )
    u2, u3, u4 = t[2] * b, t[3] * b**3, t[4] * b**4 + 2 * t[3] ** 2 * b**5
    teacher = q2 + noise * u2
    cross = 2 * q2 - q3 / 2 + noise * (u2 - lam * u3)
    pure = 4 * q2 - 2 * q3 + q4 + noise * (u2 - 2 * lam * u3 + lam**2 * u4)
    distance = teacher + pure - 2 * cross
    return (k, teacher + noise, pure + noise, teacher - (teacher - cross) ** 2 / distance + noise,
            (teacher - cross) / distance, distance, 2 - lam * b / k)  # fmt: skip


@given(
    st.lists(st.tuples(log_floats(1e-2, 1e2), log_floats(1e-2, 1e2)), min_size=1, max_size=4),
    st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.3, 5.0]),
    log_floats(1e-6, 1e6),
    log_floats(1e-2, 1e2),
)
def test_published_closed_forms_agree_in_50_digits(modes, ratio, lam, noise):
    s, energy = np.array(modes).T
    masses = np.full(s.size, 1 / s.size)
    with mpmath.workdps(60):
        want = [float(v) for v in by_resolvents(s, energy, masses, ratio, noise, lam)]
    got = asymptotics(ProportionalProblem(s, energy, ratio, noise), lam)
    # kappa is known to eps over |1 - ratio| where the features outnumber the samples.
    slack = 1e3 * EPS * (1 + (1 / (ratio - 1) ** 2 if ratio > 1 else 0)) * s.size
    np.testing.assert_allclose(fields(got)[:4], want[:4], rtol=slack)
    np.testing.assert_allclose(got.gcv_inflation, want[6], rtol=slack)
    np.testing.assert_allclose(got.distance, want[5], rtol=100 * slack)
    size = 2 * np.sqrt(want[1] / want[5])  # the range of xi that the risks allow
    assert abs(got.xi - want[4]) <= 10 * slack * (abs(want[4]) + size)


@pytest.mark.statistical("sdtheory.label_noise.proportional.risk.asymptotics")
def test_finite_designs_approach_the_limit(rng):
    p, n, lam = 60, 120, 0.1
    problem = autoregressive(p)
    limit = asymptotics(problem, lam)
    beta = np.sqrt(problem.signal_energy) * np.where(np.arange(p) % 2, 1, -1)
    excess = []
    for x in gaussian(rng, 600, n, problem.eigenvalues):
        m = np.linalg.inv(adjoint(x) @ x + n * lam * np.eye(p))
        # Columns: the mean over label noise of variance one, then what each label adds.
        labels = np.concatenate([(x @ beta)[:, :, None], np.tile(np.eye(n), (len(x), 1, 1))], 2)
        teacher = m @ (adjoint(x) @ labels)
        change = -n * lam * (m @ teacher)
        gap = teacher - np.concatenate([beta[:, None], np.zeros((p, n))], axis=1)
        weighted = problem.eigenvalues[:, None] * gap.conj(), problem.eigenvalues[:, None] * change
        products = (weighted[0] * gap, -weighted[0] * change, weighted[1].conj() * change)
        excess.append(np.stack([a.real.sum(axis=(1, 2)) for a in products], axis=1))
    want = [limit.teacher_risk - 1, limit.xi * limit.distance, limit.distance]
    assert z_score(np.concatenate(excess), want, precision=0.01) < SCORE_LIMIT


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    s, energy, ratio, noise, masses = THREE
    problem = ProportionalProblem(backend(s), backend(energy), ratio, noise, backend(masses))
    got = asymptotics(problem, backend([0.3, 1.0]))
    assert all(backend.owns(value) for value in fields(got))
    assert float(got.xi[0]) == pytest.approx(REFERENCE[2][2][4], rel=300 * backend.eps)


def test_nothing_to_learn_is_degenerate():
    got = asymptotics(ProportionalProblem([1.0, 2.0], [0.0, 0.0], 0.5, 0.0), 0.1)
    assert got.xi == 0
    assert got.student_risk == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.0], [1.0], 0.5, 1.0), "eigenvalues must be greater than 0"),
        (([1.0], [-1.0], 0.5, 1.0), "signal_energy must be at least 0, got -1"),
        (([1.0], [1.0, 2.0], 0.5, 1.0), "signal_energy and eigenvalues"),
        (([1.0], [1.0], 0.0, 1.0), "aspect_ratio must be greater than 0, got 0"),
        (([1.0], [1.0], 0.5, -1.0), "noise_var must be at least 0, got -1"),
        (([1.0], [1.0], 0.5, 1.0, [0.5]), "masses must sum to one"),
    ],
)
def test_bad_input_is_named(arguments, says):
    with pytest.raises(ValueError, match=says):
        ProportionalProblem(*arguments)
    with pytest.raises(ValueError, match="lam_mean must be greater than 0, got 0"):
        asymptotics(ProportionalProblem([1.0], [1.0], 0.5, 1.0), 0.0)


def looped(problem, lams, ratios, noises):
    """Every point of a map on its own: the reference that the vectorised map is compared with."""
    return np.moveaxis(
        [
            [
                [
                    fields(asymptotics(ProportionalProblem(
                        problem.eigenvalues, problem.signal_energy, ratio, noise, problem.masses
                    ), lam))
                    for lam in lams
                ]
                for noise in noises
            ]
            for ratio in ratios
        ],
        -1,
        0,
    )  # fmt: skip


@pytest.mark.parametrize("problem", [autoregressive(), ProportionalProblem(*THREE)])
def test_a_map_is_every_point_of_it(problem):
    lams, ratios = np.geomspace(1e-3, 1e2, 7), np.array([0.1, 0.5, 1.0, 1.5, 8.0])
    noises = np.array([0.0, 0.3, 20.0])
    found = asymptotics_grid(problem, lams, ratios, noises)
    want = looped(problem, lams, ratios, noises)
    for k, field in enumerate(fields(found)):
        assert field.shape == (5, 3, 7)
        # Risks may be differences from the teacher's.
        scale = want[1] if k in (2, 3) else np.abs(want[k])
        assert np.all(np.abs(field - want[k]) <= 1e4 * EPS * scale), k


@pytest.mark.parametrize(("block", "lengths"), [(1, [1] * 5), (7, [2, 2, 1]), (99, [5])])
def test_penalties_are_treated_in_blocks(monkeypatch, block, lengths):
    problem, lams, seen = ProportionalProblem(*THREE), np.geomspace(1e-2, 1e2, 5), []
    want = fields(asymptotics(problem, lams))
    moments = risk._moments

    def counted(problem, lam, *ratio):
        seen.append(lam.shape[0])
        return moments(problem, lam, *ratio)

    monkeypatch.setattr(risk, "_moments", counted)
    monkeypatch.setattr(risk, "_BLOCK", block)
    np.testing.assert_allclose(fields(asymptotics(problem, lams)), want, rtol=1e3 * EPS)
    assert seen == lengths
    seen.clear()
    grid = asymptotics_grid(problem, lams, [THREE[2]], [THREE[3]])
    np.testing.assert_allclose([f[0, 0] for f in fields(grid)], want, rtol=1e4 * EPS)
    assert seen == lengths


@pytest.mark.parametrize("put", BACKENDS)
def test_a_map_keeps_its_backend(put):
    problem = ProportionalProblem(*map(put, THREE[:2]), 1.0, 1.0, put(THREE[4]))
    found = asymptotics_grid(problem, put([0.3]), put([0.8]), put([0.5]))
    assert all(put.owns(field) for field in fields(found))
    np.testing.assert_allclose(
        [float(field[0, 0, 0]) for field in fields(found)], REFERENCE[2][2], rtol=100 * put.eps
    )


def test_a_map_refuses_what_a_point_refuses():
    problem = ProportionalProblem(*THREE)
    refused = {
        "lam_mean must be greater": ([0.0], [1.0], [1.0]),
        "lam_mean must have 1": (1.0, [1.0], [1.0]),
        "aspect_ratio must be greater": ([1.0], [-1.0], [1.0]),
        "noise_var must be at least": ([1.0], [1.0], [-1.0]),
    }
    for message, bad in refused.items():
        with pytest.raises(ValueError, match=message):
            asymptotics_grid(problem, *bad)
