"""What is raised for archives that are damaged."""

import lzma
import struct
import zipfile
import zlib

ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError, ValueError)
"""What `zipfile` raises for bytes that it cannot make sense of, beside OSError.

A few wrong bits in a header look like a password, or a version or packing that it has never heard of, which are
RuntimeError, and like names that are no text, or places before the file's beginning, which are ValueError."""
