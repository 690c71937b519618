import shutil

import pytest

from kefu.registry.promotion import record_promotion
from kefu.service.models.folders import find_version
from kefu.tickets.errors import KefuError

OLD, NEW = "2026-01-01T00.00.00.000Z", "2026-02-01T00.00.00.000Z"


def test_the_newest_version_is_found_and_a_promoted_one_before_it(models, add_version):
    add_version(NEW)
    for folder in (models, models / "versions" / "fused"):
        assert find_version(folder).name == NEW
    record_promotion(models, {"version": OLD})
    for folder in (models, models / "versions" / "fused"):
        assert find_version(folder).name == OLD


def test_a_bundle_is_its_own_version_and_another_in_its_place_is_not_equal(bundle, tmp_path):
    folder = tmp_path / "tickets"
    shutil.copytree(bundle, folder)
    found = find_version(folder)
    assert (found.name, found.folder) == ("tickets", folder)
    assert find_version(folder) == found
    folder.rename(tmp_path / "before")
    shutil.copytree(bundle, folder)
    assert find_version(folder) != found


def test_what_is_missing_is_said(models, tmp_path):
    with pytest.raises(KefuError, match="nowhere: there is no model; train one"):
        find_version(tmp_path / "nowhere")
    record_promotion(models, {"version": NEW})
    with pytest.raises(KefuError, match="promoted and is no longer there"):
        find_version(models)
    (tmp_path / "demo" / "promoted.json").unlink()
    shutil.rmtree(models / "versions" / "fused" / OLD)
    with pytest.raises(KefuError, match="no version of a model yet"):
        find_version(models)
