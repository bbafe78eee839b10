"""Stickers brought to life: a diffusion model that turns a static sticker and a caption into a looping animation."""
