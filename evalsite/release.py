"""Which release of Evalsite this is."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("evalsite")
except PackageNotFoundError:  # a checkout that was never installed
    VERSION = "unknown"
