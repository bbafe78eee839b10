"""The API from scripts: a thin typed client and the command `stickerloop`. Needs httpx and rich."""
