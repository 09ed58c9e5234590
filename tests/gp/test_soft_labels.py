"""Data-centric classification against published values and the linearised dynamics."""

import numpy as np
import pytest

from sdtheory import gp
from sdtheory.gp import reuse, soft_labels


def run(six, **options):
    return gp.data_centric_classification(six.kernel, six.y, **options)


def test_published_values(six):
    new, prior = six.new[:1], six.prior[:1]
    two, three = (run(six, steps=s, link="sigmoid") for s in (1, 2))
    np.testing.assert_allclose(
        three.evidence[1:], [-0.3357911164223247, -0.4079566777612928], rtol=1e-11
    )
    for process, want in (
        (two, [0.4005406871956162, 1.450907951456772, 0.5771635258265263]),
        (three, [0.2205237783228369, 1.449409998381716, 0.5426972491294604]),
    ):
        mean, variance = process.latent(new, prior)
        got = [mean[0], variance[0], process.probability(new, prior)[0]]
        np.testing.assert_allclose(got, want, rtol=1e-12)

    two, three = (run(six, steps=s) for s in (1, 2))
    assert two.probability(new, prior)[0] == pytest.approx(0.5312277965799053, rel=1e-12)
    assert three.latent(new, prior)[0][0] == pytest.approx(0.08932191009705676, rel=1e-11)
    assert three.probability(new, prior)[0] == pytest.approx(0.5069785789177279, rel=1e-12)
    assert three.evidence[2] == pytest.approx(-0.4286324892399396, rel=1e-11)

    two, three = (run(six, steps=s, likelihood="bernoulli") for s in (1, 2))
    mean, variance = two.latent(new, prior)
    np.testing.assert_allclose(
        [mean[0], variance[0], two.probability(new, prior)[0], two.evidence[1]],
        [0.2766143820151327, 0.9741720684553321, 0.5571565311083996, -5.141794657863651],
        rtol=1e-12,
    )
    assert three.latent(new, prior)[0][0] == pytest.approx(0.1020866486172987, rel=1e-11)
    assert three.probability(new, prior)[0] == pytest.approx(0.5211831619373506, rel=1e-12)


def test_published_code_is_reproduced(six):
    """The public implementation: sigmoid link, averages by five error functions."""
    four = run(six, steps=3, link="sigmoid", average="erf")
    second = [
        0.4485760355487232,
        0.4994755919257582,
        0.5432172800354789,
        0.5869623954291394,
        0.5695086266175436,
        0.5168663056880007,
    ]
    third = [
        0.4871634255348095,
        0.5110528383381126,
        0.5288464415460954,
        0.5471839681322424,
        0.5429520762519286,
        0.5220775356643924,
    ]
    np.testing.assert_allclose(four.labels[2:], [second, third], rtol=1e-10)
    new, prior = six.new[:1], six.prior[:1]
    for steps, want in ((1, 0.577187866564255), (2, 0.542717040793838)):
        process = run(six, steps=steps, link="sigmoid", average="erf")
        assert process.probability(new, prior)[0] == pytest.approx(want, rel=1e-10)
    assert run(six, steps=1, average="erf", link="sigmoid").evidence[1] == pytest.approx(
        -0.3357581617791163, rel=1e-10
    )


@pytest.mark.parametrize(
    ("likelihood", "link"),
    [
        ("continuous_bernoulli", "sigmoid"),
        ("continuous_bernoulli", "mean"),
        ("bernoulli", "sigmoid"),
        ("bernoulli", "mean"),
    ],
)
def test_small_deviations_are_multiplied_by_the_gain(rng, likelihood, link):
    root = rng.normal(size=(8, 8))
    kernel = root @ root.T
    d, vectors = np.linalg.eigh(kernel)
    gain = gp.linearised_gain(np.abs(d), likelihood, link)
    chosen = {"bernoulli": gp.BERNOULLI, "continuous_bernoulli": gp.CONTINUOUS_BERNOULLI}
    back = chosen[likelihood] if link == "mean" else gp.BERNOULLI
    direction, errors = rng.permutation(np.linspace(-1, 1, 8)), []
    for size in (1e-2, 1e-3, 1e-4):
        deviation = size * direction
        fit = gp.laplace(kernel, 0.5 + deviation, chosen[likelihood])
        got = vectors.T @ (back.mean(fit.mode) - 0.5)
        want = gain * (vectors.T @ deviation)
        errors.append(np.abs(got - want).max() / np.abs(want).max())
    # The next order is the cube of the deviation.
    assert errors[2] < 1e-5
    assert 50 < errors[0] / errors[1] < 200
    assert 50 < errors[1] / errors[2] < 200


def test_labels_mix_and_stay_inside(six):
    half = run(six, xi=[0.5, 0.25])
    np.testing.assert_allclose(
        half.labels[1], 0.5 * six.y + 0.5 * run(six, steps=1).labels[1], rtol=1e-14
    )
    assert np.all((half.labels >= 0) & (half.labels <= 1))
    none = run(six, xi=0.0, steps=3)
    np.testing.assert_array_equal(none.labels, np.tile(six.y, (4, 1)))


def test_wrong_arguments_are_named(six):
    for options, message in (
        ({"xi": 1.2}, "xi must be at most 1"),
        ({"xi": [0.5], "steps": 2}, "xi must have 2 entries"),
        ({"link": "probit"}, "link must be one of"),
        ({"likelihood": "gaussian"}, "likelihood must be one of"),
        ({"average": "probit"}, "average must be one of"),
    ):
        with pytest.raises(ValueError, match=message):
            run(six, **options)


def test_latent_noise_is_that_of_a_white_kernel(six):
    """A teacher answers for a fresh label: its own noise is in the variance, not in the mean."""
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    white = WhiteKernel(0.7, "fixed")
    peer = GaussianProcessClassifier(ConstantKernel(2.0) * RBF(1.0) + white, optimizer=None).fit(
        six.x, six.y
    )
    process = run(six, noise=0.7, steps=1, average="erf")
    np.testing.assert_allclose(
        process.labels[1], peer.predict_proba(six.x)[:, 1], rtol=0, atol=1e-8
    )
    assert process.evidence[0] == pytest.approx(peer.log_marginal_likelihood_value_, rel=1e-9)
    total = six.kernel + 0.7 * np.eye(6)
    fit = gp.laplace(total, process.labels[1], gp.CONTINUOUS_BERNOULLI)
    np.testing.assert_array_equal(process.approximation.mode, fit.mode)


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli"])
def test_labels_outside_the_interval_have_a_finite_mode(six, likelihood):
    y = np.array([1.2, -0.3, 3.0, 0.5, -2.0, 1.0])
    with pytest.raises(ValueError, match="y must be at least 0"):
        gp.data_centric_classification(six.kernel, y)
    with pytest.raises(ValueError, match="xi must be at most 1"):
        run(six, xi=1.5)
    process = gp.data_centric_classification(
        six.kernel, y, xi=[1.5, -0.5], likelihood=likelihood, extend=True
    )
    model = gp.BERNOULLI if likelihood == "bernoulli" else gp.CONTINUOUS_BERNOULLI
    mode, labels = process.approximation.mode, process.labels[-1]
    assert labels.max() > 1
    assert labels.min() < 0
    np.testing.assert_allclose(mode, six.kernel @ (labels - model.mean(mode)), atol=1e-12)
    # The maximum of the objective itself, wherever one starts from.
    import scipy.optimize

    inverse = np.linalg.inv(six.kernel)

    def objective(f):
        return -(labels @ f - model.log_partition(f).sum() - 0.5 * f @ inverse @ f)

    found = scipy.optimize.minimize(objective, np.zeros(6), tol=1e-10)
    np.testing.assert_allclose(mode, found.x, atol=1e-4)
    inside = run(six, xi=0.6, likelihood=likelihood, extend=True)
    np.testing.assert_array_equal(inside.labels, run(six, xi=0.6, likelihood=likelihood).labels)


@pytest.mark.parametrize("link", ["mean", "sigmoid"])
def test_the_gain_in_closed_form(link):
    """Curvatures at zero are 1 / 4 and, for densities on an interval, 1 / 12."""
    d = np.array([0.0, 0.5, 12.0, 1e6])
    got = gp.linearised_gain(d, "continuous_bernoulli", link)
    np.testing.assert_allclose(got, (1 if link == "mean" else 3) * d / (d + 12), rtol=1e-14)
    np.testing.assert_allclose(gp.linearised_gain(d, "bernoulli", link), d / (d + 4), rtol=1e-14)
    with pytest.raises(ValueError, match="eigenvalues must be at least 0"):
        gp.linearised_gain(np.array([-0.1]))


@pytest.mark.parametrize("noise", [0.7, 1.0])
def test_every_round_written_out(six, noise):
    """Latents, averages and mixtures by hand, with noise on the latents of every label."""
    process = run(six, xi=[0.8, 0.3], noise=noise)
    total, labels = six.kernel + noise * np.eye(6), [six.y]
    for xi, model, average in (
        (0.8, gp.BERNOULLI, gp.average_sigmoid),
        (0.3, gp.CONTINUOUS_BERNOULLI, gp.average_mean),
    ):
        fit = gp.laplace(total, labels[-1], model)
        soft = average(*fit.latent(six.kernel, np.full(6, 2.0 + noise)))
        labels.append(xi * soft + (1 - xi) * six.y)
    np.testing.assert_allclose(process.labels, labels, rtol=0, atol=1e-14)
    last = gp.laplace(total, labels[-1], gp.CONTINUOUS_BERNOULLI)
    assert process.evidence[-1] == pytest.approx(last.evidence, rel=1e-12)
    np.testing.assert_allclose(
        process.probability(six.new, six.prior), gp.average_mean(*last.latent(six.new, six.prior))
    )


def test_quadrature_that_misses_the_interval_is_cut(six, monkeypatch):
    """By the little that rounding may; where labels may lie outside, it stays."""
    off = np.array([-1e-15, 1 + 1e-15, 0.0, 1.0, 0.5, 1 + 2e-15])
    monkeypatch.setitem(reuse.AVERAGES, "exact", lambda mean, variance: off)
    labels = run(six, steps=1).labels[1]
    np.testing.assert_array_equal(labels, [0, 1, 0, 1, 0.5, 1])
    np.testing.assert_array_equal(run(six, steps=1, extend=True).labels[1], off)


def test_no_rounds_and_no_new_points(six):
    for options in ({"steps": 0}, {"xi": []}, {"xi": [], "steps": 0}):
        process = run(six, **options)
        np.testing.assert_array_equal(process.labels, [six.y])
        fit = gp.laplace(six.kernel, six.y, gp.BERNOULLI)
        np.testing.assert_array_equal(process.approximation.mode, fit.mode)
    assert process.probability(np.zeros((0, 6)), np.zeros(0)).shape == (0,)
    assert len(run(six).labels) == 2  # one round, unless a number or a schedule says more
    with pytest.raises(ValueError, match="xi must have 0 or 1 dimensions"):
        run(six, xi=[[0.5]])
    with pytest.raises(ValueError, match="xi must be at most 1"):
        soft_labels.blending(1.5, 1)
    with pytest.raises(ValueError, match="steps must be at most 10000"):
        run(six, steps=10_001)


def test_only_the_sigmoid_link_saturates(rng):
    x = np.linspace(-3, 3, 20)
    y = (np.sin(2 * x) + 0.3 * rng.normal(size=20) > 0).astype(float)
    kernel = 4 * np.exp(-0.5 * ((x[:, None] - x) / 0.8) ** 2)

    def confidence(**options):
        labels = gp.data_centric_classification(kernel, y, steps=60, **options).labels
        return np.abs(labels[-1] - 0.5).max()

    assert confidence(link="sigmoid") > 0.3
    assert confidence(link="mean") < 0.01
    assert confidence(likelihood="bernoulli") < 0.05


@pytest.mark.parametrize("amplitude", [1.0, 4.0])
def test_in_the_long_run_the_sigmoid_saturates_and_the_mean_forgets(rng, amplitude):
    """Three hundred rounds: a fixed point of nearly certain labels, or one half everywhere."""
    x = rng.uniform(-3, 3, 40)
    y = (np.sin(2 * x) + 0.3 * rng.normal(size=40) > 0).astype(float)
    kernel = amplitude * np.exp(-0.5 * ((x[:, None] - x) / 0.8) ** 2)
    saturated = gp.data_centric_classification(kernel, y, steps=300, link="sigmoid").labels
    np.testing.assert_allclose(saturated[-1], saturated[-2], rtol=0, atol=1e-6)
    confidence = np.abs(saturated[-1] - 0.5).max()
    assert confidence > 0.3 + 0.1 * (amplitude > 1)
    for options in ({"link": "mean"}, {"likelihood": "bernoulli"}):
        forgot = gp.data_centric_classification(kernel, y, steps=300, **options).labels
        assert np.abs(forgot[-1] - 0.5).max() < 1e-3
