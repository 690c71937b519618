import gc
import platform
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from kefu.service.memory import keep_out_of_collections

# blocks of 8 MB, freed in the middle of small ones that stay
_GROW = """
import ctypes, sys, psutil
from kefu.service.memory import give_large_blocks_back

if sys.argv[1] == "yes":
    give_large_blocks_back()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
libc.free(libc.malloc(30_000_000))  # from here on glibc by itself takes such blocks from its heap
before = psutil.Process().memory_info().rss
for _ in range(20):
    block = libc.malloc(8_000_000)
    ctypes.memset(block, 1, 8_000_000)
    ctypes.memset(libc.malloc(10_000), 1, 10_000)
    ctypes.memset(libc.malloc(120_000), 1, 120_000)
    libc.free(block)
    libc.malloc(7_000_000)
print(libc.mallopt(-8, 2), psutil.Process().memory_info().rss - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_large_blocks_leave_nothing_behind():
    def grown(is_given_back):
        command = [sys.executable, "-c", _GROW, is_given_back]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1])

    assert grown("yes") < 0.5 * grown("no")


class Ring:
    """Holds itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_what_stays_is_passed_over_until_it_is_told_again() -> None:
    stays = Ring()
    keep_out_of_collections()
    assert not any(one is stays for one in gc.get_objects())
    freed = weakref.ref(stays)
    del stays
    gc.collect()
    assert freed() is not None
    keep_out_of_collections()
    assert freed() is None
