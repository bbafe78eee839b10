"""Safetensors read strictly: each thing that can be wrong with a file is one error that names it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn


class CheckpointError(ValueError):
    """A folder of weights that cannot be used; the message names the file and what was expected."""


def read_tensors(file: Path, *, belongs_to: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file; `belongs_to` says in the error what folder it should stand in."""
    try:
        return load_file(file)
    except FileNotFoundError:
        raise CheckpointError(f"{file}: missing; {belongs_to}") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file}: expected a whole safetensors file ({error}); copy it again") from error


def load_strictly(
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    file: Path,
    described_by: str,
    is_new: Callable[[str], bool] = lambda name: False,
    assign: bool = False,
) -> None:
    """Give `module` exactly its tensors, in fp32. What `is_new` says is not expected in the file and left as it is.

    With `assign` the module's tensors are replaced, as a module on the meta device needs. Raises CheckpointError for
    the first tensor that is missing, unknown or of another shape.
    """
    expected = {name: tensor for name, tensor in module.state_dict().items() if not is_new(name)}
    for problem, names in (
        ("lacks", sorted(expected.keys() - tensors.keys())),
        ("has unknown", sorted(tensors.keys() - expected.keys())),
    ):
        if names:
            raise CheckpointError(
                f"{file}: {problem} {len(names)} tensors, first {names[0]}; "
                f"expected exactly those of the architecture in {described_by}"
            )
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            raise CheckpointError(
                f"{file}: {name} has shape {tuple(tensor.shape)}, "
                f"expected {tuple(expected[name].shape)} by {described_by}"
            )
    module.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False, assign=assign)
