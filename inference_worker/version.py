from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("stickerloop")
except PackageNotFoundError:
    VERSION = "source"
