"""Fits the rational function that the kernels use for tanh (Sources/Kernels/Kernel/Vector.swift).

tanh(x) = x p(x²) / q(x²) for |x| ≤ 7.9, q(0) = 1, by weighted least squares whose weights grow where the relative error
is large (Lawson). Prints the coefficients, lowest power first, and the error in float32. Needs numpy.
"""

import numpy as np

LIMIT, P_TERMS, Q_TERMS = 7.9, 5, 5


def fit():
    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(4000) + 0.5) / 4000)
    x = LIMIT * nodes[LIMIT * nodes > 1e-3]
    y, f = (x / LIMIT) ** 2, np.tanh(x) / x
    weights, q, best = np.ones_like(x), np.ones_like(x), None
    for _ in range(60):
        columns = [y**i for i in range(P_TERMS)] + [-f * y**i for i in range(1, Q_TERMS)]
        scale = np.sqrt(weights) / (q * f)
        solution = np.linalg.lstsq(np.stack(columns, 1) * scale[:, None], f * scale, rcond=None)[0]
        p_terms, q_terms = solution[:P_TERMS], np.concatenate([[1], solution[P_TERMS:]])
        q = sum(c * y**i for i, c in enumerate(q_terms))
        error = np.abs(sum(c * y**i for i, c in enumerate(p_terms)) / q - f) / f
        if best is None or error.max() < best[0]:
            best = error.max(), p_terms / LIMIT ** (2 * np.arange(P_TERMS)), q_terms / LIMIT ** (2 * np.arange(Q_TERMS))
        weights *= (error / error.mean() + 1e-3) ** 0.7
        weights /= weights.mean()
    return best


def float32_error(p_terms, q_terms):
    x = np.linspace(-12, 12, 2_000_001).astype(np.float32)
    clamped = np.clip(x, -LIMIT, LIMIT).astype(np.float32)
    y = clamped * clamped

    def polynomial(terms):
        value = np.full_like(y, np.float32(terms[-1]))
        for c in terms[-2::-1]:  # a fused multiply-add rounds once
            value = (value.astype(np.float64) * y + np.float64(np.float32(c))).astype(np.float32)
        return value

    result = clamped * polynomial(p_terms) / polynomial(q_terms)
    return np.abs(result - np.tanh(x.astype(np.float64))).max(), result.max()


if __name__ == "__main__":
    error, p, q = fit()
    print("p", [float(c) for c in p])
    print("q", [float(c) for c in q])
    absolute, largest = float32_error(p, q)
    print(f"relative error of the fit {error:.2e}; in float32: absolute {absolute:.2e}, largest value {largest:.9f}")
