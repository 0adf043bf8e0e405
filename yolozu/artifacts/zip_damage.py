"""What is raised for archives that are damaged."""

import lzma
import zipfile
import zlib

ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
"""What `zipfile` raises for bytes that it cannot make sense of; the last for a version, packing or flag it has never
heard of, which is what a few wrong bits in a header look like."""
