"""Memory of a service that goes on for long: large blocks go back to the system, what stays is not looked through."""

import ctypes
import gc
import platform

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Of ``mallopt`` (glibc's malloc.h)."""
_LARGE_BYTES = 1_000_000
_ARENAS = 2


def give_large_blocks_back() -> None:
    """Let glibc map large blocks one by one, whatever it has seen before, and keep few heaps.

    Left to itself it takes blocks of up to 32 MB from a heap for each thread once it has seen some, and what lies
    between them then holds the heap open: it grows with every batch of large uploads. Elsewhere this does nothing.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)


def keep_out_of_collections() -> None:
    """Let garbage collections pass over all that is there now: libraries, models, articles.

    Looking through half a million objects takes a third of a second, in which nothing is answered, every few thousand
    requests. What was passed over before and is garbage by now is collected first.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
