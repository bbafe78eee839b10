"""What distillation did to a network: guidance scales became inputs, and perhaps few steps do."""

from dataclasses import dataclass

from sticker_diffusion.sampler_settings import SamplerSettings


@dataclass(frozen=True)
class Distilled:
    """The network takes s_T in 1…text_scale and s_I in 1…image_scale as inputs, one pass a step, the last included.

    `steps` is the number of DDIM steps that it was distilled to; None is any number, with any solver.
    """

    text_scale: float
    image_scale: float
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.text_scale < 1 or self.image_scale < 1:
            raise ValueError(f"the largest scales are 1 or more, got {self.text_scale} and {self.image_scale}")

    def check(self, settings: SamplerSettings) -> None:
        """Raises ValueError for settings that the network was not distilled for."""
        for name, asked, most in (
            ("text_scale", settings.text_scale, self.text_scale),
            ("image_scale", settings.image_scale, self.image_scale),
        ):
            if not 1 <= asked <= most:
                raise ValueError(f"{name}: this checkpoint is guidance-distilled for 1…{most:g}, got {asked:g}")
        if settings.rescale:
            raise ValueError(f"rescale: a guidance-distilled checkpoint has none, got {settings.rescale:g}; give 0")
        if self.steps is not None and (settings.steps, settings.solver) != (self.steps, "ddim"):
            raise ValueError(
                f"steps: this checkpoint is distilled to {self.steps} steps of ddim, "
                f"got {settings.steps} of {settings.solver}"
            )
