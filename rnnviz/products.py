"""Norms of long matrix products, without underflow or overflow: what growth and bptt stand on.

Everything here works on step Jacobians J_0 … J_{T−1} of shape (T, H, H) in float64, and returns
natural logarithms. A product is never held at its true size: it is renormalised after every factor
and the logarithm of what was divided out is added up. :func:`rnnviz.bptt.log_norms` and
:func:`rnnviz.bptt.lag_log_norms` check what comes in, and take batches and other dtypes.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["chain_log_norms", "frobenius_table", "log_norm", "rescale", "spectral_table"]

# Below this, ‖AB‖² read off the two Gram matrices (see frobenius_table) has lost half its digits
# to cancellation, and the product is multiplied out instead.
CANCELLATION = 1e-8
# A direction this much shorter than the longest one is dropped from a product.
NEGLIGIBLE = 1e-12
# A size between 2^−this and 2^this can be squared in float64 and stays far from its limits.
SQUARABLE = 332
# How many matrices are multiplied out at once where cancellation asks for it (memory).
CHUNK = 4096

TINY = torch.finfo(torch.float64).tiny


def rescale(
    matrices: Float[Tensor, "*batch rows columns"],
) -> tuple[Float[Tensor, "*batch rows columns"], Float[Tensor, "*batch"]]:
    """Divide each matrix by a power of two near its largest entry.

    A power of two divides without rounding, so what is exactly zero in plain arithmetic stays so.

    Parameters
    ----------
    matrices : Tensor, shape (..., n, m), float64

    Returns
    -------
    scaled : Tensor, shape (..., n, m)
        With a largest entry between 1 and 2. A zero matrix stays zero.
    log_scale : Tensor, shape (...)
        ln of what each was divided by.
    """
    largest = matrices.abs().amax((-2, -1)).clamp(min=TINY)
    power = largest / (2 * largest.frexp().mantissa)
    return matrices / power[..., None, None], power.log()


def log_norm(
    matrices: Float[Tensor, "*batch rows columns"], ord: int | str
) -> Float[Tensor, "*batch"]:
    """Return the logarithm of each matrix's norm.

    Parameters
    ----------
    matrices : Tensor, shape (..., n, m), float64
    ord : {2, "fro"}
        Spectral or Frobenius.

    Returns
    -------
    Tensor, shape (...)
        ln‖·‖, −inf for a zero matrix.
    """
    scaled, log_scale = rescale(matrices)
    if ord == "fro":
        return log_scale + torch.linalg.matrix_norm(scaled).log()
    # σ_max² is the largest eigenvalue of the Gram matrix. The rounding of the small eigenvalues
    # does not matter here, and this is faster than a singular value decomposition.
    wide = scaled.shape[-2] < scaled.shape[-1]
    gram = scaled @ scaled.mT if wide else scaled.mT @ scaled
    return log_scale + 0.5 * torch.linalg.eigvalsh(gram)[..., -1].clamp(min=0).log()


def chain_log_norms(
    steps: Float[Tensor, "time hidden hidden"], ord: int | str
) -> Float[Tensor, " time_plus_1"]:
    """Return the norms of a product that grows by one factor on its right at a time.

    Parameters
    ----------
    steps : Tensor, shape (T, H, H), float64
    ord : {2, "fro"}
        Spectral or Frobenius.

    Returns
    -------
    Tensor, shape (T+1,)
        ln‖J_{T−1} J_{T−2} ⋯ J_{T−k}‖ for k = 0 … T.
    """
    products, sizes, exponents = _chain(steps, torch.linalg.vector_norm)
    squarable = (exponents.abs() < SQUARABLE) & (sizes > 0) & (sizes < math.inf)
    log_scale = exponents.cumsum(0) * math.log(2)
    if not squarable.all():
        # Somewhere the squares in the norm leave float64: the slower measure takes no squares.
        scaled, log_step = rescale(steps)
        products, _, exponents = _chain(scaled, lambda p: p.abs().amax())
        log_scale = exponents.cumsum(0) * math.log(2)
        log_scale[1:] += log_step.flip(0).cumsum(0)
    elif ord == "fro":
        return log_scale + sizes.log()
    return log_scale + log_norm(torch.stack(products), ord)


def _chain(
    steps: Tensor, measure: Callable[[Tensor], Tensor]
) -> tuple[list[Tensor], Tensor, Tensor]:
    """Return J_{T−1} ⋯ J_{T−k} for k = 0 … T scaled by powers of two, their sizes, the exponents.

    Each product is brought to a size between a half and one; the exponents are to be added up.
    """
    products = [torch.eye(steps.shape[-1], dtype=steps.dtype, device=steps.device)]
    sizes, exponents = [float(measure(products[0]))], [0]
    for step in reversed(steps.unbind(0)):
        product = products[-1] @ step
        size = float(measure(product))
        exponent = max(math.frexp(size)[1], -1000)  # 2^1000 is still a float64
        products.append(product.mul_(2.0**-exponent))
        sizes.append(size * 2.0**-exponent)
        exponents.append(exponent)
    return products, steps.new_tensor(sizes), steps.new_tensor(exponents)


def frobenius_table(
    steps: Float[Tensor, "time hidden hidden"],
) -> Float[Tensor, "time_plus_1 time_plus_1"]:
    """Return the Frobenius norms of the products between every pair of times.

    Parameters
    ----------
    steps : Tensor, shape (T, H, H), float64

    Returns
    -------
    Tensor, shape (T+1, T+1)
        Entry [t, i] is ln‖J_{t−1} ⋯ J_i‖_F for i ≤ t, −inf above the diagonal.

    Notes
    -----
    Divide and conquer over time. At a split m, with A_t = ∂h_t/∂h_m and B_i = ∂h_m/∂h_i,

        ‖∂h_t/∂h_i‖_F² = ‖A_t B_i‖_F² = tr(A_tᵀA_t · B_i B_iᵀ),

    so *all* pairs i ≤ m ≤ t cost one matrix product of flattened Gram matrices: O(T² H²) and
    O(T log T · H³) for the A_t and B_i, where multiplying the pairs out costs O(T² H³).
    """
    length, size, _ = steps.shape
    padded = max(2, 1 << (length - 1).bit_length()) if length else 0
    table = steps.new_full((padded + 1, padded + 1), -math.inf)
    table.fill_diagonal_(0.5 * math.log(size))
    if length:
        identity = torch.eye(size, dtype=steps.dtype, device=steps.device)
        scaled, log_step = rescale(torch.cat([steps, identity.expand(padded - length, -1, -1)]))
        half = padded // 2
        while half:
            _fill_level(table, scaled, log_step, half)
            half //= 2
    return table[: length + 1, : length + 1].clone()


def _fill_level(table: Tensor, scaled: Tensor, log_step: Tensor, half: int) -> None:
    """Fill in, for every block of 2·half steps, the pairs that span its middle."""
    blocks = scaled.unflatten(0, (-1, 2 * half))
    logs = log_step.unflatten(0, (-1, 2 * half))
    # A_t grows on its left with t; B_i grows on its right as i goes down from the middle.
    after, log_after = _prefix_products(blocks[:, half:], logs[:, half:], left=True)
    before, log_before = _prefix_products(blocks[:, :half].flip(1), logs[:, :half].flip(1))
    gram_after = (after.mT @ after).flatten(-2)
    gram_before = (before @ before.mT).flatten(-2)
    squares = gram_after @ gram_before.mT
    entries = log_after[:, :, None] + log_before[:, None, :] + 0.5 * squares.clamp(min=0).log()
    # The Gram matrices of A and B have Frobenius norms up to H², the rounding error scales so too.
    floor = CANCELLATION * gram_after.norm(dim=-1)[:, :, None] * gram_before.norm(dim=-1)[:, None]
    block, t, i = torch.nonzero(squares <= floor, as_tuple=True)
    for chunk in torch.arange(len(block), device=block.device).split(CHUNK):
        b, u, v = block[chunk], t[chunk], i[chunk]
        pairs = after[b, u] @ before[b, v]
        entries[b, u, v] = log_after[b, u] + log_before[b, v] + log_norm(pairs, "fro")
    middle = torch.arange(len(blocks), device=table.device)[:, None] * 2 * half + half
    offset = torch.arange(half, device=table.device) + 1
    table[(middle + offset)[:, :, None], (middle - offset)[:, None, :]] = entries
    # The pairs that end or start at the middle itself: one factor is the identity.
    table[middle + offset, middle] = log_after + log_norm(after, "fro")
    table[middle, middle - offset] = log_before + log_norm(before, "fro")


def _prefix_products(factors: Tensor, logs: Tensor, left: bool = False) -> tuple[Tensor, Tensor]:
    """Return the renormalised running products of (blocks, n, H, H) and their log scales."""
    products = torch.empty_like(factors)
    log_scale = torch.empty_like(logs)
    products[:, 0], log_scale[:, 0] = factors[:, 0], logs[:, 0]
    for k in range(1, factors.shape[1]):
        last, new = products[:, k - 1], factors[:, k]
        products[:, k], divided = rescale(new @ last if left else last @ new)
        log_scale[:, k] = log_scale[:, k - 1] + logs[:, k] + divided
    return products, log_scale


def spectral_table(
    steps: Float[Tensor, "time hidden hidden"],
) -> Float[Tensor, "time_plus_1 time_plus_1"]:
    """Return the spectral norms of the products between every pair of times.

    Parameters
    ----------
    steps : Tensor, shape (T, H, H), float64

    Returns
    -------
    Tensor, shape (T+1, T+1)
        Entry [t, i] is ln‖J_{t−1} ⋯ J_i‖₂ for i ≤ t, −inf above the diagonal.

    Notes
    -----
    All pairs of one lag are multiplied at once. A product P = L Qᵀ has the norm of L, and the next
    step multiplies L from the left, so Q is dropped whenever the lag has doubled, and with it the
    columns of L that have become negligible: products lose rank as they shrink.
    """
    length = steps.shape[0]
    table = steps.new_full((length + 1, length + 1), -math.inf)
    table.fill_diagonal_(0.0)
    scaled, log_step = rescale(steps)
    products, logs = scaled, log_step
    for lag in range(1, length + 1):
        i = torch.arange(length - lag + 1, device=steps.device)
        table[i + lag, i] = logs + log_norm(products, 2)
        if lag == length:
            break
        products, divided = rescale(scaled[lag:] @ products[:-1])
        logs = logs[:-1] + log_step[lag:] + divided
        if lag >= 4 and lag & (lag - 1) == 0:
            products = _drop_negligible(products)
    return table


def _drop_negligible(products: Tensor) -> Tensor:
    """Return L of P = L Qᵀ without the columns that are negligible in every product."""
    lower = torch.linalg.qr(products.mT, mode="r").R.mT
    columns = torch.linalg.vector_norm(lower, dim=-2)
    longest = columns.amax(-1, keepdim=True).clamp(min=TINY)
    keep = (columns > NEGLIGIBLE * longest).any(0)
    keep[0] = True  # a product that is zero throughout still needs one column
    return lower[..., keep]
