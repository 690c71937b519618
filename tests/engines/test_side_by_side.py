import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial

import psutil
import pytest

from kefu.engines.side_by_side import run_side_by_side
from kefu.tickets.errors import KefuError, LabelError

# workers cannot import this file, so tasks are code, and what runs them is ``eval`` or ``exec``
side_by_side = partial(run_side_by_side, processes=2, threads=3, mend="lower the number")
WHO = "__import__('os').getpid(), __import__('os').environ['OMP_NUM_THREADS']"
FOREVER = "import time; time.sleep(600)"


def tell(level, text, name="kefu.told"):
    return f"import logging; logging.getLogger({name!r}).{level}({text!r}, 'so')"


@pytest.fixture(autouse=True)
def _nothing_goes_on():
    started = time.monotonic()
    yield
    assert multiprocessing.active_children() == []
    assert time.monotonic() - started < 60


def test_results_come_in_the_order_of_the_tasks_from_as_many_processes():
    seconds = (1, 0, 0, 0)
    found = side_by_side(eval, [f"__import__('time').sleep({pause}), {pause}, {WHO}" for pause in seconds])
    _, pauses, processes, threads = zip(*found, strict=True)
    assert pauses == seconds
    assert len({os.getpid(), *processes}) == 3
    assert set(threads) == {"3"}
    assert side_by_side(eval, []) == []
    assert side_by_side(eval, ["1", "2"], processes=5) == [1, 2]


def test_one_process_is_this_one():
    assert side_by_side(eval, ["__import__('os').getpid()"] * 2, processes=1) == [os.getpid()] * 2


def test_a_large_result_comes_through():
    assert side_by_side(eval, ["b'x' * 10_000_000", "1"]) == [b"x" * 10_000_000, 1]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_comes_through_and_stops_the_others(processes):
    raising = "from kefu.tickets.errors import LabelError\nraise LabelError('two labels are one')"
    with pytest.raises(LabelError, match=r"^two labels are one$"):
        side_by_side(exec, [raising, FOREVER, FOREVER], processes=processes)


def test_a_defect_comes_with_the_traceback_of_its_worker():
    with pytest.raises(ZeroDivisionError) as caught:
        side_by_side(exec, [FOREVER, "nought = 0\n1 / nought"])
    assert 'File "<string>", line 2, in <module>' in caught.value.__notes__[0]


def test_an_error_that_cannot_travel_is_told():
    code = "class Odd(Exception):\n  def __init__(self, a, b): super().__init__(a + b)\nraise Odd('strange ', 'thing')"
    with pytest.raises(RuntimeError, match=r"^Odd: strange thing"):
        side_by_side(exec, [code, FOREVER])


@pytest.mark.parametrize("ending", ["os._exit(1)", "os.kill(os.getpid(), 9)"])
def test_a_killed_worker_is_told_in_one_line(ending):
    with pytest.raises(KefuError, match=r"a worker process was killed .*lack of memory; lower the number$"):
        side_by_side(exec, [FOREVER, f"import os; {ending}"])


def test_what_workers_log_is_logged_here_at_the_same_levels(caplog):
    caplog.set_level("WARNING")
    caplog.set_level("INFO", "kefu")
    told = [tell("info", "%s it is"), tell("debug", "not %s"), tell("info", "nor %s", "other"), tell("warning", "%s!")]
    side_by_side(exec, told)
    assert sorted((record.name, record.levelname, record.getMessage()) for record in caplog.records) == [
        ("kefu.told", "INFO", "so it is"),
        ("kefu.told", "WARNING", "so!"),
    ]


def test_ctrl_c_ends_all_at_once(monkeypatch):
    class Interrupt(logging.Handler):
        def emit(self, record):
            signal.raise_signal(signal.SIGINT)

    logger = logging.getLogger("kefu.told")
    monkeypatch.setattr(logger, "handlers", [Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        side_by_side(exec, [f"{tell('warning', '%s')}; {FOREVER}", FOREVER, FOREVER])


SCRIPT = f"""
from kefu.engines.side_by_side import run_side_by_side
task = "import os; os.write(1, b'%d\\\\n' % os.getpid()); {FOREVER}"
if __name__ == "__main__":
    run_side_by_side(exec, [task] * 3, processes=2, threads=1, mend="")
"""


@pytest.fixture
def parent(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    yield process
    process.kill()


def press_ctrl_c(parent):
    os.killpg(parent.pid, signal.SIGINT)  # a terminal sends it to all of them
    _, errors = parent.communicate(timeout=30)
    assert errors.count("Traceback") == errors.count("KeyboardInterrupt") == 1, errors


@pytest.mark.parametrize("kill", [press_ctrl_c, subprocess.Popen.kill])
def test_no_worker_outlives_its_parent(parent, kill):
    workers = [psutil.Process(int(parent.stdout.readline())) for _ in range(2)]
    kill(parent)
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE] == []


def test_only_the_parent_hears_ctrl_c_while_workers_start(parent):
    while not any("forkserver" in word for child in psutil.Process(parent.pid).children() for word in child.cmdline()):
        time.sleep(0.01)
    time.sleep(0.5)  # it imports for longer than that
    press_ctrl_c(parent)
