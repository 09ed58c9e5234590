"""Hypothesis strategies over the problem zoo: valid by construction, shrinking to the plain."""

from hypothesis import strategies as st

from sdtheory import problems


def log_floats(low, high):
    """Floats with a uniform exponent, shrinking to 1 where that is allowed."""
    from math import log10

    exponents = st.floats(log10(low), log10(high), allow_subnormal=False)
    return exponents.map(lambda e: min(max(10.0**e, low), high))


penalties = log_floats(1e-6, 1e6)
noise_levels = st.just(0.0) | log_floats(1e-4, 1e4)
mixing_weights = st.floats(-5.0, 5.0, allow_subnormal=False)


@st.composite
def spectra(draw, max_size=12, positive=False):
    """Eigenvalues from the zoo, at any scale."""
    kinds = [k for k in problems.SPECTRA if not (positive and k == "rank_deficient")]
    kind = draw(st.sampled_from(["equal", *[k for k in kinds if k != "equal"]]))
    size = draw(st.integers(1, max_size))
    condition = draw(log_floats(1.0, 1e6))
    return problems.spectrum(kind, size, condition) * draw(log_floats(1e-3, 1e3))


@st.composite
def tasks(draw, max_size=12):
    """(eigenvalues, coefficients, noise variance) of a planted problem of full rank."""
    d = draw(spectra(max_size=max_size, positive=True))
    kind = draw(st.sampled_from(["isotropic", "top", "bottom", "sparse"]))
    theta = problems.signal(kind, d.size, draw(log_floats(1e-2, 1e2)))
    return d, theta, draw(noise_levels)


def schedules(steps):
    """Per-round weights."""
    return st.lists(mixing_weights, min_size=steps, max_size=steps)
