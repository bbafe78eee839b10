"""The model at the paper's scale: latents with transparency, a public text-to-image UNet over time, a velocity head."""
