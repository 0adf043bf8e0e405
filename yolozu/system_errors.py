"""What the machine did, in words for people: no room, no permission, no memory, a process killed."""

from __future__ import annotations

import errno
import re

from yolozu.errors import Finding

ROOM = "make room or give permission"
PLACE = "move away what is there"
DISK = "look after the disk or the connection to it (the system's log says more)"
MEMORY = "lower batch_size, num_workers or image_size, set cache: none, or end other programs"
FILES = "let a process open more files (ulimit -n) or lower num_workers"
PROCESSES = "let a user have more processes (ulimit -u) or lower num_workers"
FILE_SYSTEM = "use another file system (run_dir=DIRECTORY)"
LOADING = "memory is the usual reason: lower num_workers or prefetch_factor, end other programs"
HANDING_OVER = "give the container more shared memory (/dev/shm) or set num_workers: 0"

REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM), ROOM),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.ELOOP, errno.EXDEV), PLACE),
    **dict.fromkeys((errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV, errno.ETIMEDOUT), DISK),
    **dict.fromkeys((errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENOTCONN, errno.ENOLINK), DISK),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), FILES),
    **dict.fromkeys((errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP), FILE_SYSTEM),
    errno.EAGAIN: PROCESSES,
    errno.ENAMETOOLONG: "give a shorter name or another directory",
    errno.ENOENT: "see what took it away",
    errno.ENOMEM: MEMORY,
    errno.ETXTBSY: "end the program that runs from it",
    errno.EBUSY: "end the program that uses it",
}
"""What to do about the system's errors that are no mistake of ours, by their numbers."""

SAID_BY_LIBRARIES = (
    (r"allocate memory|not enough memory: you tried to allocate|Insufficient memory|bad.alloc", "YZ515", MEMORY),
    (r"CUDA error: out of memory|CUBLAS_STATUS_ALLOC_FAILED", "YZ515", MEMORY),
    (r"torch_shm_manager|shared memory|</torch_\w+>|items of ancdata", "YZ516", HANDING_OVER),
    (r"DataLoader worker \(pid|process pool was terminated abruptly", "YZ516", LOADING),
    (r"can't start new thread", "YZ516", PROCESSES),
)
"""Errors for which libraries have neither a class nor a number: what their text holds, code, what to do."""


def explain_system_error(error: BaseException, *, within: str = "", where: str = "", after: str = "") -> Finding | None:
    """The error in words for people where the machine said no; None for any other.

    Args:
        error: as Python or a library raised it.
        within: what was being done, said before the file.
        where: said instead of the file, where the error names none.
        after: said at the end.

    Returns:
        YZ314 for files, YZ515 for memory, YZ516 for processes that load images.
    """
    found = _of_system(error) if isinstance(error, OSError) else _of_library(error)
    if found is None:
        return None
    code, problem, remedy = found
    file = where if not isinstance(error, OSError) or error.filename is None else str(error.filename)
    place = ": ".join(part for part in (within, file) if part)
    return Finding(code, place, problem, f"{remedy} and run the same command again{after}")


def _of_system(error: OSError) -> tuple[str, str, str] | None:
    if error.errno not in REMEDIES:
        return None
    code = "YZ515" if error.errno == errno.ENOMEM else "YZ314"
    return code, f"the system says: {error.strerror}", REMEDIES[error.errno]


def _of_library(error: BaseException) -> tuple[str, str, str] | None:
    said = next(iter(str(error).splitlines()), "")
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's, which is not imported
        return "YZ515", f"memory ran out: {said}".removesuffix(": "), MEMORY
    for pattern, code, remedy in SAID_BY_LIBRARIES:
        if re.search(pattern, str(error)):
            return code, f"a process that prepares images failed: {said.strip()}" if code == "YZ516" else said, remedy
    return None
