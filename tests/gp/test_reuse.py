"""The three meanings of re-use against literal copies, dense priors and published values."""

import numpy as np
import pytest

from sdtheory import gp


def classification(rng, n=12, amplitude=4.0):
    x = np.sort(rng.uniform(-3, 3, size=n))
    kernel = amplitude * np.exp(-0.5 * (x[:, None] - x) ** 2)
    return x, kernel, (np.sin(x) + 0.5 * rng.normal(size=n) > 0).astype(float)


def test_published_values(six):
    duplicated = gp.distribution_centric_classification(six.kernel, six.y, steps=2)
    mode = [
        -1.611730861366502,
        -0.5373294398661239,
        0.6673729000297792,
        1.882482978269941,
        1.086386281428219,
        -0.7128365310799877,
    ]
    np.testing.assert_allclose(duplicated.approximation.mode, mode, rtol=1e-12)
    assert duplicated.evidence[0] == pytest.approx(-9.66132168651008, rel=1e-13)
    mean, variance = duplicated.latent(six.new, six.prior)
    assert mean[0] == pytest.approx(1.635471927563237, rel=1e-12)
    assert variance[0] == pytest.approx(0.6761017828298314, rel=1e-12)
    got = duplicated.probability(six.new, six.prior)[0]
    assert got == pytest.approx(0.8091699583260794, rel=1e-12)
    # scikit-learn's classifier on the rows written out three times reports so much.
    rows = duplicated.probability(six.new, six.prior, "erf")[0]
    assert rows == pytest.approx(0.80919339, abs=5e-9)

    scaled = gp.distribution_centric_classification(six.kernel, six.y, steps=2, reuse="scaled")
    assert scaled.evidence[0] == pytest.approx(-4.436266823243002, rel=1e-13)
    assert scaled.latent(six.new, six.prior)[1][0] == pytest.approx(2.028305348489494, rel=1e-12)
    exact, by_erf = (scaled.probability(six.new, six.prior, a)[0] for a in ("exact", "erf"))
    assert exact == pytest.approx(0.7693665626557385, rel=1e-12)
    assert by_erf == pytest.approx(0.7693573932279449, rel=1e-10)


def test_published_sequential_values(six):
    two, three = (
        gp.distribution_centric_classification(six.kernel, six.y, steps=s, reuse="sequential")
        for s in (1, 2)
    )
    mode = [
        -1.283782312524863,
        -0.4068134698779415,
        0.5457140625464132,
        1.506905144826224,
        0.8930319536639923,
        -0.512505414384131,
    ]
    np.testing.assert_allclose(two.approximation.mode, mode, rtol=1e-12)
    mode = [
        -1.580373466948225,
        -0.53078988625872,
        0.6525422231505297,
        1.847550521605546,
        1.06475575809714,
        -0.7106858141918267,
    ]
    np.testing.assert_allclose(three.approximation.mode, mode, rtol=1e-12)
    np.testing.assert_allclose(
        three.evidence[1:], [-3.040369837761177, -2.458128584044732], rtol=1e-12
    )
    assert three.evidence.sum() == pytest.approx(-9.817441497510127, rel=1e-12)
    for process, want in (
        (two, [1.309762989809407, 0.7529280291024548, 0.7571165558652416]),
        (three, [1.604346043509079, 0.6186156609151747, 0.8068904983576419]),
    ):
        mean, variance = process.latent(six.new, six.prior)
        got = [mean[0], variance[0], process.probability(six.new, six.prior)[0]]
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_copies_are_rows(rng):
    _, kernel, y = classification(rng)
    copies = gp.distribution_centric_classification(kernel, y, steps=2)
    rows = gp.laplace(np.tile(kernel, (3, 3)), np.tile(y, 3), gp.BERNOULLI)
    np.testing.assert_allclose(copies.approximation.mode, rows.mode[:12], rtol=0, atol=1e-11)
    assert copies.evidence[0] == pytest.approx(rows.evidence, rel=1e-11)
    new = kernel[:4]
    ours, theirs = (
        copies.latent(new, np.full(4, 4.0)),
        rows.latent(np.tile(new, 3), np.full(4, 4.0)),
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)


@pytest.mark.parametrize("steps", [1, 4, 49])
def test_scaling_is_duplication_with_larger_variance(rng, steps):
    _, kernel, y = classification(rng)
    copies = gp.distribution_centric_classification(kernel, y, steps=steps)
    scaled = gp.distribution_centric_classification(kernel, y, steps=steps, reuse="scaled")
    new, prior = kernel[:5] * 0.9, np.full(5, 4.0)
    (mean, variance), (same, larger) = copies.latent(new, prior), scaled.latent(new, prior)
    np.testing.assert_allclose(mean, same, rtol=0, atol=1e-11 * np.abs(mean).max())
    np.testing.assert_allclose(larger, (steps + 1) * variance, rtol=1e-10)
    half = 0.5 * copies.approximation.log_det
    want = (steps + 1) * (scaled.evidence[0] + half) - half
    assert copies.evidence[0] == pytest.approx(want, rel=1e-11)


def test_sequential_is_the_gaussian_as_prior(rng):
    """Newton's method on a dense Gaussian prior N(m, C), round after round."""
    _, kernel, y = classification(rng)
    kernel = kernel + 1e-3 * np.eye(12)  # so that the dense prior can be inverted
    m, c = np.zeros(12), kernel
    for k in range(4):
        f, inverse = m, np.linalg.inv(c)
        for _ in range(100):
            p = 1 / (1 + np.exp(-f))
            hessian = inverse + np.diag(p * (1 - p))
            f = f + np.linalg.solve(hessian, y - p - inverse @ (f - m))
        p = 1 / (1 + np.exp(-f))
        hessian = inverse + np.diag(p * (1 - p))
        density = np.sum(y * f - np.logaddexp(0, f)) - 0.5 * (f - m) @ inverse @ (f - m)
        evidence = density - 0.5 * np.linalg.slogdet(c @ hessian)[1]
        m, c = f, np.linalg.inv(hessian)
        got = gp.distribution_centric_classification(kernel, y, steps=k, reuse="sequential")
        atol = 1e-9  # the dense twin inverts a kernel of condition 1e4 or so every round
        np.testing.assert_allclose(got.approximation.mode, m, rtol=0, atol=atol)
        np.testing.assert_allclose(
            got.approximation.covariance(kernel, kernel), c, rtol=0, atol=atol
        )
        assert got.evidence[k] == pytest.approx(evidence, abs=atol)


def test_scaled_probabilities_tend_to_one_half():
    x = np.array([0.0, 1.0, 2.2, 3.0, 4.5, 6.0])
    kernel, y = np.exp(-0.5 * (x[:, None] - x) ** 2), np.array([1.0, 0, 0, 1, 1, 0])
    largest = []
    for copies in (10**2, 10**4, 10**8):
        scaled = gp.distribution_centric_classification(kernel, y, steps=copies - 1, reuse="scaled")
        largest.append(np.abs(scaled.probability(kernel, np.ones(6)) - 0.5).max() + 0.5)
    np.testing.assert_allclose(largest, [0.7590, 0.6108, 0.5039], atol=6e-5)


def test_no_rounds_are_the_ordinary_classifier(six):
    plain = gp.laplace(six.kernel, six.y, gp.BERNOULLI)
    for reuse in ("duplicated", "sequential", "scaled"):
        none = gp.distribution_centric_classification(six.kernel, six.y, steps=0, reuse=reuse)
        np.testing.assert_array_equal(none.approximation.mode, plain.mode)
        assert none.evidence.tolist() == [plain.evidence]


def test_wrong_arguments_are_named(six):
    for change, message in (
        ({"y": 2 * six.y}, "y must be at most 1"),
        ({"reuse": "exact"}, "reuse must be one of"),
        ({"y": six.y[:4]}, "y and kernel must have the same length"),
    ):
        with pytest.raises(ValueError, match=message):
            gp.distribution_centric_classification(
                **{"kernel": six.kernel, "y": six.y, "reuse": "scaled"} | change
            )
    process = gp.distribution_centric_classification(six.kernel, six.y)
    with pytest.raises(ValueError, match="average must be one of"):
        process.probability(six.new, six.prior, "probit")


def test_duplication_is_nearest_to_the_true_posterior_of_two_points():
    """Prior times likelihood to the fifth, on a grid: means, variances and probabilities."""
    kernel, y, fits = np.array([[3.0, 1.2], [1.2, 3.0]]), np.array([1.0, 0.0]), 5
    axis = np.linspace(-12, 12, 1501)
    one, two = np.meshgrid(axis, axis, indexing="ij")
    inverse = np.linalg.inv(kernel)
    density = -0.5 * (inverse[0, 0] * (one**2 + two**2) + 2 * inverse[0, 1] * one * two)
    density = density - fits * (np.logaddexp(0, -one) + np.logaddexp(0, two))
    weight = np.exp(density - density.max())
    weight /= weight.sum()
    mean = np.sum(weight * one)
    truth = [mean, np.sum(weight * (one - mean) ** 2), np.sum(weight / (1 + np.exp(-one)))]
    np.testing.assert_allclose(truth, [1.716, 1.003, 0.8093], rtol=0, atol=5e-4)
    published = {
        "duplicated": [1.561, 0.917, 0.7902],
        "sequential": [1.520, 0.777, 0.7889],
        "scaled": [1.561, 4.58, 0.7147],
    }
    errors = {}
    for reuse, want in published.items():
        process = gp.distribution_centric_classification(kernel, y, steps=fits - 1, reuse=reuse)
        latent = [v[0] for v in process.latent(kernel, np.diagonal(kernel))]
        got = [*latent, process.probability(kernel, np.diagonal(kernel))[0]]
        np.testing.assert_allclose(got, want, rtol=0, atol=5e-3 if reuse == "scaled" else 5e-4)
        errors[reuse] = np.abs(np.array(got) - truth)
    assert np.all(errors["duplicated"] <= errors["sequential"])
    assert np.all(errors["duplicated"] <= errors["scaled"] + 1e-12)


def test_single_precision_needs_half_its_digits_of_symmetry():
    kernel = np.array([[2.0, 1.0], [1.0 + 1e-6, 2.0]], dtype=np.float32)
    process = gp.distribution_centric_classification(kernel, [0.0, 1.0])
    assert process.approximation.mode.dtype == np.float32
    with pytest.raises(ValueError, match="kernel must be symmetric"):
        gp.distribution_centric_classification(kernel.astype(float), [0.0, 1.0])


@pytest.mark.parametrize(("asymmetry", "refused"), [(1e-12, False), (1e-9, False), (1e-7, True)])
def test_kernels_are_symmetric_to_the_root_of_rounding(asymmetry, refused):
    """As what two products in different order leave, and no more."""
    kernel = np.array([[2.0, 1.0 + asymmetry], [1.0, 2.0]])
    if refused:
        with pytest.raises(ValueError, match="kernel must be symmetric"):
            gp.distribution_centric_classification(kernel, [1.0, 0.0], steps=1)
    else:
        process = gp.distribution_centric_classification(kernel, [1.0, 0.0], steps=1)
        assert np.isfinite(process.evidence).all()


def test_no_new_points_have_no_probability(six):
    for meaning in ("duplicated", "sequential", "scaled"):
        process = gp.distribution_centric_classification(six.kernel, six.y, reuse=meaning)
        assert process.probability(np.zeros((0, 6)), np.zeros(0)).shape == (0,)
        assert [part.shape for part in process.latent(np.zeros((0, 6)), np.zeros(0))] == [(0,)] * 2


def test_only_rounds_that_are_computed_one_by_one_are_limited(six):
    with pytest.raises(ValueError, match="steps must be at most 10000, got 10001"):
        gp.distribution_centric_classification(six.kernel, six.y, steps=10_001, reuse="sequential")
    many = [
        gp.distribution_centric_classification(six.kernel, six.y, steps=10**9, reuse=meaning)
        for meaning in ("duplicated", "scaled")
    ]
    np.testing.assert_allclose(*(fit.approximation.mode for fit in many), rtol=1e-9)
    assert [fit.scale for fit in many] == [1.0, 1e9 + 1]


def test_one_round_is_the_default(six):
    default = gp.distribution_centric_classification(six.kernel, six.y, reuse="scaled")
    assert default.scale == 2.0


def test_labels_are_one_number_a_sample(six):
    for y, message in (
        (six.y - 1e-9, "y must be at least 0"),
        (six.y + 1e-9, "y must be at most 1"),
        (six.y[:, None], "y must have 1 dimensions"),
    ):
        with pytest.raises(ValueError, match=message):
            gp.distribution_centric_classification(six.kernel, y)
