"""Stickers and procedural clips: what the model learns motion from."""
