"""Public image-to-video pipelines of diffusers as teachers: the same `animate` as that of our own checkpoints."""
