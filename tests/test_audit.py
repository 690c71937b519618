import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[1] / ".ci/audit"
FINE = {"name": "click", "version": "8.1", "vulns": []}
SKIPPED = {"name": "torch", "skip_reason": "not found"}
FLAWED = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}


@pytest.fixture
def audit(tmp_path):
    """Run the audit with a pip-audit that says what it is told."""

    def run(said, status=0, error="", **environment):
        code = f"import sys\nsys.stdout.write({said!r})\nsys.stderr.write({error!r})\nsys.exit({status})\n"
        (tmp_path / "pip_audit.py").write_text(code)
        given = {name: value for name, value in os.environ.items() if name != "KEFU_AUDIT_OFFLINE"}
        given |= {"PYTHONPATH": str(tmp_path), **environment}
        return subprocess.run([sys.executable, str(AUDIT)], env=given, check=False, capture_output=True, text=True)

    return run


def found(*packages):
    return json.dumps({"dependencies": packages, "fixes": []})


def test_nothing_known_is_a_success(audit):
    done = audit(found(FINE, FINE))
    assert (done.returncode, done.stdout) == (0, "none of 2 packages is known to be vulnerable\n")


@pytest.mark.parametrize("environment", [{}, {"KEFU_AUDIT_OFFLINE": "ok"}])
def test_a_vulnerability_is_named_with_its_mend(audit, environment):
    done = audit(found(FINE, SKIPPED, FLAWED), 1, **environment)
    assert (done.returncode, done.stdout) == (1, "pillow 1.0: PYSEC-1; mended in: 1.1\n")


@pytest.mark.parametrize("said", [found(FINE, SKIPPED), found(), "", "no JSON"])
def test_what_was_not_looked_up_is_no_success(audit, said):
    done = audit(said, error="ConnectionError: no route")
    assert done.returncode == 2
    assert "cannot be reached" in done.stderr
    assert audit(said, KEFU_AUDIT_OFFLINE="ok").returncode == 0
    assert audit(said, KEFU_AUDIT_OFFLINE="yes").returncode == 2
