"""Each recipe's settings and what they mean: the trainer's dataclasses, said to those who have no torch.

tests/annotator/test_training_settings.py holds them against sticker_diffusion/training: key, kind, choices, default.
"""

from annotator.training.setting_kinds import Kind, Setting, with_defaults

A_LOT = 10**9

BUDGET = (
    Setting("clips", Kind.WHOLE, None, least=1, most=A_LOT, usual=True,
        means="How many clips it sees; a clip counts each time."),
    Setting("minutes", Kind.NUMBER, None, least=0.01, most=A_LOT, usual=True,
        means="Or for how many minutes it trains; give this or clips."),
)  # fmt: skip

RUN = (
    Setting("batch", Kind.WHOLE, 8, "Clips in one step.", least=1, most=4096, usual=True),
    Setting("accumulate", Kind.WHOLE, 1, least=1, most=4096,
        means="Parts in which a step is seen, to save memory: the step is the same. Divides batch."),
    Setting("seed", Kind.WHOLE, 0, "What is left to chance: the same seed, the same run.", least=0, most=2**31 - 1),
    Setting("threads", Kind.WHOLE, 2, "CPU threads that it computes with.", least=1, most=1024),
    Setting("dtype", Kind.CHOICE, "bfloat16", choices=("bfloat16", "float32", "float16"),
        means="What it computes in, where the device has it; weights stay float32."),
    Setting("save_minutes", Kind.NUMBER, 3.0, least=0,
        means="Minutes between two saved states: so much is lost if it is killed."),
    Setting("sheet_minutes", Kind.NUMBER, 8.0, "Minutes between two pictures of the fixed prompts.", least=0),
)  # fmt: skip

CLIPS_SEEN = (
    Setting("data.replay", Kind.NUMBER, 0.25, least=0, most=0.99, usual=True,
        means="Share of each batch that are camera moves, so that what the model knew is not forgotten; with a "
              "release."),
    Setting("data.weigh_by_share", Kind.SWITCH, False, usual=True,
        means="A released clip counts as much as the share of people who would share it."),
    Setting("data.domain", Kind.CHOICE, "keyframes", choices=("keyframes", "camera"),
        means="Without a release: keyframe animations by verb, or the general model's camera moves."),
    Setting("data.seed", Kind.WHOLE, 0, "Which clips are drawn, and their order.", least=0, most=2**31 - 1),
)  # fmt: skip

OPTIMISER = (
    Setting("optimiser.lr", Kind.NUMBER, 5e-4, "Learning rate at its height.", least=0, most=1, usual=True),
    Setting("optimiser.warmup_steps", Kind.WHOLE, 100, least=1, most=A_LOT,
        means="Steps in which the learning rate rises from nothing."),
    Setting("optimiser.final", Kind.NUMBER, 0.1, least=0, most=1,
        means="Share of the learning rate that is left at the end of the budget."),
    Setting("optimiser.beta1", Kind.NUMBER, 0.9, "AdamW's memory of gradients.", least=0, most=0.9999),
    Setting("optimiser.beta2", Kind.NUMBER, 0.99, "AdamW's memory of their squares.", least=0, most=0.99999),
    Setting("optimiser.weight_decay", Kind.NUMBER, 0.01, "How fast unused weights shrink.", least=0, most=1),
    Setting("optimiser.clip_norm", Kind.NUMBER, 1.0, least=0,
        means="The longest gradient that is followed; a longer one is shortened."),
    Setting("optimiser.ema", Kind.NUMBER, 0.99, least=0, most=0.99999,
        means="Decay of the averaged weights, which become the checkpoint."),
)  # fmt: skip

LOSS = (
    Setting("loss.snr_cap", Kind.NUMBER, 5.0, "The most that an error counts at little noise (min-SNR).", least=1),
    Setting("loss.flow", Kind.NUMBER, 0.5, "Weight of the motion itself, in clips whose motion is known.", least=0),
    Setting("loss.flow_end", Kind.NUMBER, 0.0, "Share of that weight which is left at the end.", least=0, most=1),
    Setting("loss.cover", Kind.NUMBER, 0.02, least=0,
        means="What painting costs, so that the sticker is moved rather than redrawn."),
    Setting("loss.particles", Kind.NUMBER, 0.0, least=0,
        means="What an error counts more where hearts, tears or stars show."),
)  # fmt: skip

FREE_CONDITIONS = (
    Setting("dropout.bucket", Kind.NUMBER, 0.1, "Share of clips whose size of motion is not told.", least=0, most=1),
    Setting("dropout.manner", Kind.NUMBER, 0.1, "Share of clips whose manner is not told.", least=0, most=1),
)
DROPOUT = (
    Setting("dropout.text", Kind.NUMBER, 0.1, least=0, most=1,
        means="Share of clips learnt without their caption, for guidance."),
    Setting("dropout.both", Kind.NUMBER, 0.1, "Share of clips learnt without caption and sticker.", least=0, most=1),
    *FREE_CONDITIONS,
)  # fmt: skip

PREFER = with_defaults(
    (
        *BUDGET,
        Setting("beta", Kind.NUMBER, 500.0, least=0.01, usual=True,
            means="How much a margin over the first model counts: the larger, the closer the model stays to it."),
        Setting("data.seed", Kind.WHOLE, 0, "The order of the pairs.", least=0, most=2**31 - 1),
        Setting("snr_cap", Kind.NUMBER, 5.0, "The most that an error counts at little noise (min-SNR).", least=1),
        *RUN,
        *OPTIMISER,
        *DROPOUT,
    ),
    {"clips": 3200, "seed": 14, "threads": 1, "optimiser.lr": 5e-5},
)  # fmt: skip

PRETRAIN = with_defaults(
    (
        *BUDGET,
        Setting("domain", Kind.CHOICE, "keyframes", choices=("keyframes", "camera"), usual=True,
            means="What it sees: keyframe animations by verb, or the general model's camera moves."),
        Setting("pose", Kind.CHOICE, "rest", choices=("rest", "height"),
            means="What the sticker shows: the motion at rest, or at the height of the action."),
        Setting("frame_sampling", Kind.CHOICE, "fixed", choices=("fixed", "normalised"),
            means="Clips at one frame rate, or at the one that gives their motion the same size."),
        Setting("rate_jitter", Kind.NUMBER, 0.2, least=0, most=1,
            means="By what share a normalised clip's frame rate is told wrong, so that it stays a dial of its "
                  "own."),
        Setting("curriculum", Kind.OBJECT, None,
            means="The order of the clips: first, last, blocks of families, even; null: as numbered."),
        Setting("mirror_probability", Kind.NUMBER, 0.5, least=0, most=1,
            means="Share of motions whose left and right are exchanged."),
        Setting("data_seed", Kind.WHOLE, 0, "Which clips are drawn.", least=0, most=2**31 - 1),
        *RUN,
        *OPTIMISER,
        *LOSS,
        *DROPOUT,
        Setting("drill.captions", Kind.WHOLE, 48, least=1, most=A_LOT,
            means="Captions a step by which the text encoder learns the verbs."),
        Setting("drill.typos", Kind.NUMBER, 0.15, "Share of them that are mistyped.", least=0, most=1),
        Setting("drill.weight", Kind.NUMBER, 0.2, "Weight of that in the loss.", least=0),
        Setting("drill.rehearsal", Kind.WHOLE, 0, "Steps of it before the first.", least=0, most=A_LOT),
    ),
    {
        "clips": 9600, "curriculum": {"first": 16000, "last": 32000}, "mirror_probability": 0.0, "seed": 6,
        "threads": 1, "optimiser.lr": 0.001, "optimiser.final": 0.02, "optimiser.ema": 0.998,
        "loss.flow": 3.3, "loss.flow_end": 0.2, "loss.cover": 0.0, "drill.captions": 64,
    },
)  # fmt: skip

FINETUNE = with_defaults(
    (
        *BUDGET,
        Setting("keep_particles", Kind.SWITCH, False, usual=True,
            means="The particle head and the text encoder stay as they are: for a model that knows the verbs. "
                  "Otherwise it learns to paint hearts and tears."),
        *CLIPS_SEEN,
        *RUN,
        *OPTIMISER,
        *LOSS,
        *DROPOUT,
    ),
    {
        "clips": 9600, "seed": 11, "threads": 1, "optimiser.lr": 0.001, "optimiser.final": 0.05, "optimiser.ema": 0.995,
        "loss.flow": 13.3, "loss.flow_end": 0.5, "loss.cover": 0.1,
    },
)  # fmt: skip

DISTIL = with_defaults(
    (
        *BUDGET,
        Setting("goal", Kind.CHOICE, "guidance", choices=("guidance", "steps"), usual=True,
            means="One pass a step instead of three (guidance), or one step for two (steps)."),
        Setting("steps", Kind.WHOLE, 8, least=1, most=100, usual=True,
            means="Steps of the student, half of the teacher's; for the goal steps."),
        Setting("text_scale", Kind.NUMBER, 3.0, least=1, most=30,
            means="The strongest guidance by the caption that it learns."),
        Setting("image_scale", Kind.NUMBER, 1.5, least=1, most=30,
            means="The strongest guidance by the sticker that it learns."),
        Setting("default_text_scale", Kind.NUMBER, 2.0, least=1, most=30,
            means="Guidance by the caption where a batch does not say."),
        Setting("default_image_scale", Kind.NUMBER, 1.2, least=1, most=30,
            means="Guidance by the sticker where a batch does not say."),
        Setting("snr_cap", Kind.NUMBER, 5.0, "The most that an error counts at little noise (min-SNR).", least=1),
        *CLIPS_SEEN,
        *RUN,
        *OPTIMISER,
        Setting("dropout.text", Kind.NUMBER, 0.0, "Always 0: a student always has its caption.", least=0, most=0),
        Setting("dropout.both", Kind.NUMBER, 0.0, "Always 0: a student always has its sticker.", least=0, most=0),
        *FREE_CONDITIONS,
    ),
    {"clips": 4800, "seed": 12, "threads": 1},
)  # fmt: skip
