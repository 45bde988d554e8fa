"""The loss whose gradient is followed."""

from collections.abc import Callable

from torch import Tensor

from rnnviz._checks import check_choice, shape_of

Loss = Callable[[Tensor], Tensor] | str | None


def loss_of(loss: Loss, outputs: Tensor, ends: list[Tensor]) -> Tensor:
    """Return the loss as one number with a graph; `ends` are the last states of each direction."""
    if not callable(loss):
        check_choice("loss", loss, (None, "last", "every"))
        if loss == "every":
            return outputs.sum()
        return sum((end.sum() for end in ends), start=outputs.new_zeros(()))
    value = loss(outputs)
    if not isinstance(value, Tensor) or value.numel() != 1:
        came = shape_of(value) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"loss must return one number as a tensor, got {came}")
    if not value.requires_grad:
        raise ValueError("loss must depend on the outputs it is given, got a number without graph")
    return value.reshape(())
