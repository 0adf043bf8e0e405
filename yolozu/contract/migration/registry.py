"""What turns a contract of one version into one of the next: one file and one line each."""

from yolozu.registry import Registry

MIGRATIONS = Registry("migration", {})
"""Version, as a text -> the function that takes a `ContractText` of it to the next version, `config_version` apart."""
