"""Preference learning from what was shared and what was not.

Diffusion-DPO (Wallace et al. 2023, arXiv 2311.12908, equation 14): of two clips x^w, x^l of one prompt,
    −log σ(−β w(t) [(e_θ(x^w) − e_ref(x^w)) − (e_θ(x^l) − e_ref(x^l))]),
with e the mean square error of x0, which is that of the noise up to SNR(t), and w(t) the weight that x0 errors have in
all our recipes; β stands for the paper's βT. As in the authors' code, both clips of a pair get the same noise.
"""

import copy
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sticker_diffusion.checkpoint import Checkpoint
from sticker_diffusion.conditioning import draw_dropout
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.schedule import NoiseSchedule
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.training.config import PreferSettings
from sticker_diffusion.training.loss import draw_timesteps, snr_weight
from sticker_diffusion.training.mixed_precision import Precision
from sticker_diffusion.training.noising import Noised, kept_conditions
from sticker_diffusion.training.parts import part_of
from sticker_diffusion.training.preference_pairs import PreferencePairs


@dataclass(frozen=True)
class NoisedPairs:
    shared: Noised
    passed: Noised


class Preferring:
    """A Recipe over pairs; all randomness of the loss comes from one generator. The reference is `initial` as it was.

    A particle head and the text encoder that it hears stay as they are: the head learns nothing from pixels. Raises
    SettingsError for a distilled checkpoint, whose errors are not those of a denoiser.
    """

    def __init__(self, settings: PreferSettings, initial: Checkpoint, pairs: PreferencePairs) -> None:
        if initial.description.distilled is not None:
            raise SettingsError("initial: is distilled; learn preferences before the distillation")
        self.settings = settings
        self.pairs = pairs
        self.precision = Precision.of(settings.dtype, settings.device)
        self.network: AnimationNetwork = initial.network.to(self.precision.device).train()
        self.reference = copy.deepcopy(self.network).requires_grad_(False)
        if self.network.particles is not None:
            self.network.text.requires_grad_(False)
            self.network.particles.requires_grad_(False)
        self.schedule = NoiseSchedule(initial.schedule)
        self.generator = torch.Generator().manual_seed(settings.seed)

    def parameters(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.network.parameters() if parameter.requires_grad]

    def draw(self) -> NoisedPairs:
        s = self.settings
        shared, passed = self.pairs.batch(s.batch)
        kept = draw_dropout(s.batch, s.dropout, self.generator)
        t = draw_timesteps(s.batch, self.schedule.settings.timesteps, self.generator)
        noise = torch.randn(shared.frames.shape, generator=self.generator)
        one, other = (
            Noised(batch, self.schedule.add_noise(batch.frames, noise, t), t, kept) for batch in (shared, passed)
        )
        return NoisedPairs(one, other)

    def loss(self, drawn: NoisedPairs, clips: slice, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        pairs = part_of(drawn, clips, self.precision.device)
        shared, passed = self._error(self.network, pairs.shared), self._error(self.network, pairs.passed)
        with torch.no_grad():
            before = self._error(self.reference, pairs.shared) - self._error(self.reference, pairs.passed)
        # How much more the network has come to expect the shared clip than the other.
        margin = self.settings.beta * (before - (shared - passed))
        loss = -F.logsigmoid(margin).mean()
        record = {
            "total": float(loss.detach()),
            "shared": float(shared.detach().mean()),
            "passed": float(passed.detach().mean()),
            "preferred": float((margin.detach() > 0).float().mean()),
        }
        return loss, record

    def _error(self, network: AnimationNetwork, noised: Noised) -> Tensor:
        """(B,) weighted errors of x0."""
        with self.precision.autocast():
            made = network(noised.x_t, noised.t, kept_conditions(network, noised.batch, noised.kept)).x0
        error = (made.float() - noised.batch.frames).square().mean(dim=(1, 2, 3, 4))
        weighted: Tensor = error * snr_weight(self.schedule, noised.t, self.settings.snr_cap)
        return weighted

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self.generator.get_state(), "pairs": self.pairs.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"])
        self.pairs.load_state_dict(state["pairs"])
