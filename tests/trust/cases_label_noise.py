"""Extremes of ridge regression under label noise."""

import mpmath
import numpy as np

from sdtheory import label_noise as ln
from tests.reference import label_noise_mp as exact
from tests.reference import spectral_mp as mp

from .cases_spectral import _data, a
from .extremes import Case, Draw, Least

ZERO = mpmath.mpf(0)
FAR = "penalties are searched up to eight decades beyond the eigenvalues; further out lies the limit, to eight digits"


def _modes(draw: Draw, top=4, noise_zero=0.1):
    n = draw.integer(1, top)
    return {
        # All different: equal ones are one mode to the floors.
        "s": [v * (1 + k / 64) for k, v in enumerate(draw.log(1e-6, 1e6, n))],
        "theta": draw.signed(1e-6, 1e6, n, zero=0.1), "noise": draw.log(1e-12, 1e12, zero=noise_zero), "omega": draw.log(1e-6, 1e6, n),
        "lam": draw.log(1e-12, 1e12),
    }  # fmt: skip


def problem(s, theta, noise, omega):
    return ln.RidgeProblem(a(s), a(theta), noise, a(omega))


def _risk(s, theta, noise, omega, lam, xi, n):
    return ln.expected_risk(problem(s, theta, noise, omega), lam, xi, n)


def _optimal(s, theta, noise, omega, lam):
    found = ln.optimal_xi(problem(s, theta, noise, omega), lam)
    return [found.xi, found.teacher_risk, found.student_risk]


def _optimal_exact(s, theta, noise, omega, lam):
    total, pull, size = exact.parabola(s, theta, noise, omega, lam)
    if not size:
        return [ZERO, total, Least(total, total)]
    with mpmath.extradps(60):
        total, pull, size = exact.parabola(s, theta, noise, omega, lam)
        return [pull / size, total, Least(total - pull**2 / size, total)]


def _derivatives(s, theta, noise, omega, lam):
    found = ln.derivatives(problem(s, theta, noise, omega), lam)
    return [found.first, found.second, found.distance, found.curvature]


def _derivatives_exact(s, theta, noise, omega, lam):
    first = second = curvature = ZERO
    for v, t, o in zip(s, theta, omega, strict=True):
        d = v * v
        total = d + lam
        # R = sum omega (lam**2 theta**2 + noise d) / (d + lam)**2, differentiated by hand.
        top = lam**2 * t**2 + noise * d
        first += o * lam * (2 * lam * t**2 / total**2 - 2 * top / total**3)
        second += (
            o * lam**2 * (2 * t**2 / total**2 - 8 * lam * t**2 / total**3 + 6 * top / total**4)
        )
    size = exact.parabola(s, theta, noise, omega, lam)[2]
    curvature = (second / 2 - size) / 2
    return [first, second, size, curvature]


def _thresholds(s, theta, noise, omega, lam):
    found = ln.noise_thresholds(problem(s, theta, noise, omega), lam)
    return [found.above_zero, found.above_one, found.noiseless_xi, found.pure_noise_xi]


def _thresholds_exact(s, theta, noise, omega, lam):
    # Pull and distance are affine in the noise variance.
    _, pull_0, size_0 = exact.parabola(s, theta, ZERO, omega, lam)
    silent = [ZERO] * len(s)
    _, pull_1, size_1 = exact.parabola(s, silent, mpmath.mpf(1), omega, lam)
    noiseless = pull_0 / size_0 if size_0 else ZERO
    return [-pull_0 / pull_1, (size_0 - pull_0) / (pull_1 - size_1), noiseless, pull_1 / size_1]


def _steps(draw: Draw):
    n = draw.integer(2, 5)
    return {
        "s": draw.log(1e-2, 1e2, n), "theta": draw.signed(1e-3, 1e3, n),
        "noise": draw.log(1e-6, 1e6), "omega": draw.log(1e-3, 1e3, n), "lam": draw.log(1e-2, 1e2),
        "n": draw.integer(1, min(2, n - 1)),
    }  # fmt: skip


def _optimal_steps(s, theta, noise, omega, lam, n):
    found = ln.optimal_steps(problem(s, theta, noise, omega), lam, n)
    return [found.risk, found.teacher_risk]


def _optimal_steps_exact(s, theta, noise, omega, lam, n):
    from .cases_spectral import _rows_along

    base, directions = _rows_along(s, theta, noise, omega, lam, n)
    return [mp.rows_minimum(base, directions)[0], mp.dot(base, base)]


def _limit_students(s, theta, noise, omega, lam):
    found = ln.limit_students(problem(s, theta, noise, omega))
    return [v for part in found for v in (part.step, part.risk)]


def _limit_students_exact(s, theta, noise, omega, lam):
    with mpmath.extradps(60):
        found = exact.limits(s, theta, noise, omega)
        least = noise * sum(o / v**2 for o, v in zip(omega, s, strict=True))
        null = sum(o * t * t for o, t in zip(omega, theta, strict=True))
    return [found[0], Least(found[1], least), found[2], Least(found[3], null)]


def _wiener(s, theta, noise, omega, lam):
    found = ln.wiener_floor(problem(s, theta, noise, omega))
    return [found.risk, found.filter]


def _wiener_exact(s, theta, noise, omega, lam):
    kept = [
        (v * t) ** 2 / ((v * t) ** 2 + noise) if t or noise else ZERO
        for v, t in zip(s, theta, strict=True)
    ]
    rows = [
        o * (((1 - k) * t) ** 2 + noise * (k / v) ** 2)
        for o, k, t, v in zip(omega, kept, theta, s, strict=True)
    ]
    return [sum(rows), kept]


def _linear(s, theta, noise, omega, lam):
    given = ln.RidgeProblem(a(s), a(theta), noise, "in_sample", n=7)
    return ln.linear_smoother_floor(given)


def _linear_exact(s, theta, noise, omega, lam):
    m = sum((v * t) ** 2 for v, t in zip(s, theta, strict=True))
    return noise * m / (m + noise) / 7 if m + noise else ZERO


def _grid(s, theta, noise, omega, lam, xi, n):
    return ln.risk_grid(problem(s, theta, noise, omega), a(lam), a(xi), n)


def _grid_exact(s, theta, noise, omega, lam, xi, n):
    return [[exact.risk(s, theta, noise, omega, v, x, n) for x in xi] for v in lam]


def _grid_draw(draw: Draw):
    drawn = _modes(draw, top=12)
    drawn["lam"] = draw.log(1e-12, 1e12, 2)
    return {**drawn, "xi": draw.uniform(-2.0, 2.0, 2), "n": draw.integer(0, 3)}


def _separation(draw: Draw):
    return {"r": draw.integer(1, 5), "gap": draw.log(1e-6, 1e12), "energy": draw.log(1e-12, 1e12)}


def _separation_values(r, gap, energy):
    found = ln.separation_problem(r, gap, energy)
    return [found.singular_values, found.coefficients]


def _anchored(x, y, lam, start, n):
    found = ln.anchored_rounds(a(x), a(y), a(start), lam, n)
    return [found.coefficients, found.distance, found.training_error]


def _anchored_exact(x, y, lam, start, n):
    x, y, start = mpmath.matrix(x), mpmath.matrix(y), mpmath.matrix(start)
    inverse = mpmath.inverse(x.T * x + lam * mpmath.eye(x.cols))
    target, betas, distance, error = y, [], [], []
    for _ in range(n + 1):
        beta = start + inverse * (x.T * (target - x * start))
        target = x * beta
        betas.append(list(beta))
        distance.append(mpmath.norm(beta - start))
        error.append(mpmath.norm(y - target) ** 2 / len(y))
    return [betas, distance, error]


def _anchored_draw(draw: Draw):
    drawn = _data(draw, top=1e3)
    return {**drawn, "start": draw.uniform(-1.0, 1.0, len(drawn["x"][0])), "n": draw.integer(0, 4)}


def _pruned_draw(draw: Draw):
    drawn = _data(draw, top=1e3)
    del drawn["y"]
    lam = drawn.pop("lam")
    return {
        "x": drawn["x"], "theta": draw.signed(1e-3, 1e3, len(drawn["x"][0])),
        "noise": draw.log(1e-6, 1e6), "rows": [0, 2, 3], "lam": lam,
        "student_lam": lam * draw.log(0.1, 10.0),
    }  # fmt: skip


def _pruned(x, theta, noise, rows, lam, student_lam):
    found = ln.pruned_xi(a(x), a(theta), noise, rows, lam, student_lam)
    return [found.xi, found.risk, found.label_risk, found.teacher_label_risk]


def _pruned_exact(*arguments):
    xi, best, labels, pure = exact.pruned(*arguments)
    return [xi, Least(best, labels), labels, pure]


def _ideal(s, theta, noise, omega, lam, share):
    return ln.pruned_xi_ideal(problem(s, theta, noise, omega), lam, a(share))


def _ideal_exact(s, theta, noise, omega, lam, share):
    found = []
    for f in share:
        up = size = ZERO
        for v, t, o in zip(s, theta, omega, strict=True):
            d = v * v
            keep, x = d / (d + lam), lam / (d + lam)
            # Coefficients: student of labels keep/d on f of the noise energy, of the teacher keep**2/d.
            up += o * (noise * keep**2 * (1 / f - keep) / d - keep * x * x * t * t)
            size += o * (
                noise * keep**2 * (1 / f - 2 * keep + keep**2) / d + keep**2 * x * x * t * t
            )
        found.append(up / size if size else ZERO)
    return found


def _population(draw: Draw, top=4):
    n = draw.integer(1, top)
    masses = np.array(draw.uniform(0.1, 1.0, n))
    return {
        "s": draw.log(1e-6, 1e6, n), "energy": draw.log(1e-6, 1e6, n, zero=0.1),
        "masses": (masses / masses.sum()).tolist(), "ratio": draw.choice([
            draw.log(1e-3, 1e3), 0.5, 2.0, 1.0]),
        "noise": draw.log(1e-6, 1e6), "lam": draw.log(1e-8, 1e8),
    }  # fmt: skip


def population(s, energy, masses, ratio, noise):
    return ln.ProportionalProblem(a(s), a(energy), ratio, noise, a(masses))


def _asymptotics(s, energy, masses, ratio, noise, lam):
    found = ln.asymptotics(population(s, energy, masses, ratio, noise), lam)
    return [found.kappa, found.teacher_risk, found.pure_risk, found.student_risk, found.xi,
            found.distance, found.gcv_inflation]  # fmt: skip


def _asymptotics_exact(s, energy, masses, ratio, noise, lam):
    kappa = exact.kappa(s, masses, ratio, lam)
    k = exact.taylor(s, energy, masses, ratio, noise, lam, 1)
    excess, pull, size = k[0][0], k[0][1], k[1][1]
    # dkappa / dlam enters the inflation: 2 - (lam / kappa) dkappa/dlam.
    slope = 1 / (lam / kappa + ratio * sum(
        m * v * kappa / (v + kappa) ** 2 for m, v in zip(masses, s, strict=True)))  # fmt: skip
    return [kappa, excess + noise, excess + 2 * pull + size + noise,
            excess - pull**2 / size + noise, -pull / size, size, 2 - lam / kappa * slope]  # fmt: skip


def _kernel(s, energy, masses, ratio, noise, lam):
    return ln.kernel_coefficients(population(s, energy, masses, ratio, noise), lam, 2)


def _asymptotic_steps(s, energy, masses, ratio, noise, lam):
    found = ln.asymptotic_steps(population(s, energy, masses, ratio, noise), lam, 1)
    return [found.weights, found.teacher_excess_risk]


def _asymptotic_steps_exact(*arguments):
    k = exact.taylor(*arguments, 1)
    return [k[0][1] / k[1][1], k[0][0]]


def _self_training(s, energy, masses, ratio, noise, lam, n):
    found = ln.self_training(population(s, energy, masses, ratio, noise), lam, n)
    return [found.risk, found.systematic, found.stochastic, found.residual]


def _isotropic(lam, ratio, energy, noise):
    return ln.isotropic_xi(lam, ratio, energy, noise)


def _isotropic_exact(lam, ratio, energy, noise):
    one = [mpmath.mpf(1)]
    k = exact.taylor(one, [energy], one, ratio, noise, lam, 1)
    return -k[0][1] / k[1][1]


def _isotropic_draw(draw: Draw):
    return {"lam": draw.log(1e-8, 1e8), "ratio": draw.log(1e-3, 1e3), "energy": draw.log(1e-6, 1e6),
            "noise": draw.log(1e-6, 1e6)}  # fmt: skip


def _limits_of_penalty(s, energy, masses, ratio, noise):
    found = ln.penalty_limits(population(s, energy, masses, ratio, noise))
    return [found.null_risk, found.null_student_risk, found.null_step, found.ridgeless_risk]


def _limits_of_penalty_exact(s, energy, masses, ratio, noise):
    signal = [e * v for e, v in zip(energy, s, strict=True)]
    null = noise + sum(signal)
    pull = mp.dot(signal, s)
    push = sum(e * v * v for e, v in zip(signal, s, strict=True)) + null * ratio * sum(
        m * v * v for m, v in zip(masses, s, strict=True)
    )
    if ratio < 1:
        ridgeless = noise / (1 - ratio)
    else:
        k = exact.kappa(s, masses, ratio, ZERO)
        overlap = ratio * sum(m * (v / (v + k)) ** 2 for m, v in zip(masses, s, strict=True))
        bias = sum(e * (k / (v + k)) ** 2 for e, v in zip(signal, s, strict=True))
        ridgeless = (bias + noise) / (1 - overlap)
    return [null, null - pull**2 / push, pull / push, ridgeless]


def _limits_draw(draw: Draw):
    drawn = _population(draw)
    del drawn["lam"]
    drawn["ratio"] = draw.choice([draw.log(1e-3, 0.9), draw.log(1.1, 1e3)])
    return drawn


def _tune(method):
    def computed(x, y, lam):
        found = ln.tune_xi(a(x), a(y), lam, method)
        return [found.xi, found.risk, found.teacher_risk]

    return computed


def _tune_exact(rows_of):
    def wanted(x, y, lam):
        first, change = rows_of(x, y, lam)
        size = mp.dot(change, change)
        xi = mp.dot(first, change) / size
        rows = [u - xi * v for u, v in zip(first, change, strict=True)]
        teacher = mp.dot(first, first) / len(y)
        return [xi, Least(mp.dot(rows, rows) / len(y), teacher), teacher]

    return wanted


def _one_round(rows_of):
    def rows(x, y, lam):
        first, change = rows_of(x, y, lam, 1)
        return first, [-v if rows_of is exact.averaged_rows else v for v in change]

    return rows


def _loo_rows(x, y, lam):
    first, change = mp.left_out_rows(x, y, lam, 1)
    return first, change  # a Taylor weight is -xi


def _averaged(x, y, lam):
    first, change = exact.averaged_rows(x, y, lam, 1)
    return first, change


def _published(x, y, lam):
    teacher, student = exact.published_rows(x, y, lam)
    return teacher, [u - v for u, v in zip(teacher, student, strict=True)]


def _path(x, y, lam):
    found = ln.tune_path(a(x), a(y), a([lam]))
    return [found.xi, found.risk, found.teacher_risk]


def _estimated(x, y, lam):
    found = ln.estimated_derivatives(a(x), a(y), lam)
    return [found.first, found.second, found.distance, found.curvature]


def _estimated_exact(x, y, lam):
    errors, first, second = mp.left_out_rows(x, y, lam, 2)
    n = len(y)
    distance, bend = mp.dot(first, first) / n, mp.dot(errors, second) / n
    return [-2 * mp.dot(errors, first) / n, 2 * distance + 4 * bend, distance, bend]


def _tall(draw: Draw):
    drawn = _data(draw, rows=6, top=1e3)
    scale = max(abs(v) for row in drawn["x"] for v in row)
    drawn["lam"] = scale**2 * draw.log(1e-4, 1e4)
    return drawn


def _gcv_rounds(x, y, lam):
    x, y = a(x), a(y)
    n = len(y)
    inverse = np.linalg.inv(x.T @ x + n * lam * np.eye(x.shape[1]))
    teacher = inverse @ (x.T @ y)
    return ln.iterated_gcv(x, y, teacher[None, :], [float(np.trace(inverse @ x.T @ x))], lam)


def _gcv_rounds_exact(x, y, lam):
    hat = mp.smoother(x, lam * len(y))
    rest = mpmath.matrix(y) - hat * mpmath.matrix(y)
    n = len(y)
    free = 1 - sum(hat[i, i] for i in range(n)) / n
    return mp.dot(list(rest), list(rest)) / n / free**2


def _best(steps):
    def computed(s, theta, noise):
        found = ln.best_joint(problem(s, theta, noise, [1.0] * len(s)), steps)
        return [found.risk, found.ridge_risk]

    return computed


def _best_exact(steps):
    def wanted(s, theta, noise):
        omega = [mpmath.mpf(1)] * len(s)

        def profile(t, rounds):
            total, pull, size = exact.parabola(s, theta, noise, omega, mpmath.exp(t))
            return total - pull**2 / size if rounds else total

        def global_minimum(rounds):
            low = mpmath.log(min(s)) * 2 - 20
            high = mpmath.log(max(s)) * 2 + 20
            count = int((high - low) * 8)
            grid = [low + (high - low) * k / count for k in range(count + 1)]
            with mpmath.workdps(30):
                values = [profile(t, rounds) for t in grid]
            best = min(values[0], values[-1])
            ends = exact.limits(s, theta, noise, omega)
            plain = [noise * sum(1 / v**2 for v in s), sum(t * t for t in theta)]
            best = min([best, *([ends[1], ends[3]] if rounds else plain)])
            for k in range(1, count):
                if values[k] <= values[k - 1] and values[k] <= values[k + 1]:
                    lo, hi = grid[k - 1], grid[k + 1]
                    for _ in range(90):  # golden section: the value converges twice as fast
                        third = (hi - lo) * mpmath.mpf("0.381966")
                        if profile(lo + third, rounds) < profile(hi - third, rounds):
                            hi -= third
                        else:
                            lo += third
                    best = min(best, profile((lo + hi) / 2, rounds))
            return best

        ridge = global_minimum(0)
        return [min(ridge, global_minimum(1)) if steps else ridge, ridge]

    return wanted


def _best_draw(draw: Draw):
    n = draw.integer(2, 3)
    return {
        "s": draw.log(1e-2, 1e2, n), "theta": draw.signed(1e-2, 1e2, n), "noise": draw.log(1e-4, 1e4)
    }  # fmt: skip


CASES = [
    Case("expected_risk", lambda draw: {**_modes(draw), "xi": draw.signed(1e-6, 5.0, zero=0.1),
         "n": draw.integer(0, 30)}, _risk, exact.risk),
    Case("optimal_xi", _modes, _optimal, _optimal_exact),
    Case("derivatives", _modes, _derivatives, _derivatives_exact),
    Case("noise_thresholds", _modes, _thresholds, _thresholds_exact),
    Case("optimal_steps", _steps, _optimal_steps, _optimal_steps_exact),
    Case("limit_students", _modes, _limit_students, _limit_students_exact),
    Case("best_ridge", _best_draw, _best(0), _best_exact(0), cost=30),
    Case("best_joint", _best_draw, _best(1), _best_exact(1), cost=30, target=1e-8, why=FAR),
    Case("wiener_floor", _modes, _wiener, _wiener_exact),
    Case("linear_smoother_floor", _modes, _linear, _linear_exact),
    Case("risk_grid", _grid_draw, _grid, _grid_exact),
    Case("separation_problem", _separation, _separation_values,
         lambda r, gap, energy: [[mpmath.sqrt(1 + gap * (r - j)) for j in range(1, r + 1)],
                                 [mpmath.sqrt(energy)] + [ZERO] * (r - 1)]),
    Case("anchored_rounds", _anchored_draw, _anchored, _anchored_exact, whole=("x", "y", "start"),
         cost=6),
    Case("pruned_xi", _pruned_draw, _pruned, _pruned_exact, whole=("x",), cost=6),
    Case("pruned_xi_ideal", lambda draw: {**_modes(draw), "share": draw.log(1e-6, 1.0, 2)}, _ideal,
         _ideal_exact),
    Case("asymptotics", _population, _asymptotics, _asymptotics_exact, cost=6,
         target=1e-9, why="the best student's risk is the teacher's less the gain: digits are lost where it "
         "is far below the teacher's"),
    Case("kernel_coefficients", _population, _kernel,
         lambda *arguments: exact.taylor(*arguments, 2), cost=20),
    Case("asymptotic_steps", _population, _asymptotic_steps, _asymptotic_steps_exact, cost=6,
         target=1e-9, why="the series of the two-penalty kernel are divided by one another, which cancels "
         "where eigenvalues span ten decades; `asymptotics` does not"),
    Case("self_training", lambda draw: {**_population(draw), "n": draw.integer(0, 4)},
         _self_training, exact.rounds_with_new_data, cost=2),
    Case("isotropic_xi", _isotropic_draw, _isotropic, _isotropic_exact, cost=6),
    Case("penalty_limits", _limits_draw, _limits_of_penalty, _limits_of_penalty_exact, target=1e-10,
         why="the best student's risk is the teacher's less the gain"),
    Case("tune_xi (loo)", _tall, _tune("loo"), _tune_exact(_loo_rows), whole=("x", "y"), cost=10),
    Case("tune_xi (gcv)", _tall, _tune("gcv"), _tune_exact(_averaged), whole=("x", "y"), cost=10),
    Case("tune_xi (gcv_published)", _tall, _tune("gcv_published"), _tune_exact(_published),
         whole=("x", "y"), cost=10),
    Case("tune_path", _tall, _path, _tune_exact(_loo_rows), whole=("x", "y"), cost=10),
    Case("estimated_derivatives", _tall, _estimated, _estimated_exact, whole=("x", "y"), cost=10),
    Case("iterated_gcv", _tall, _gcv_rounds, _gcv_rounds_exact, whole=("x", "y"), cost=6),
]  # fmt: skip
