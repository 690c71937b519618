from collections import Counter

import pytest

from kefu.demo import DemoParameters, Intent
from kefu.demo.intents import MODALITIES
from kefu.demo.plans import Defect, plan_ticket

PLANS = [plan_ticket(DemoParameters(), index) for index in range(3000)]


def test_labels_and_languages_are_balanced() -> None:
    labels = Counter(plan.intent for plan in PLANS)
    assert set(labels) == set(Intent)
    assert min(labels.values()) > 0.8 * 3000 / 8
    assert sum(plan.customer.language == "zh" for plan in PLANS) / 3000 == pytest.approx(0.5, abs=0.06)


def test_customers_write_more_than_once_in_one_language() -> None:
    languages: dict[int, set[str]] = {}
    for plan in PLANS:
        languages.setdefault(plan.customer.number, set()).add(plan.customer.language)
    assert all(len(spoken) == 1 for spoken in languages.values())
    assert 3000 / len(languages) == pytest.approx(1.7, abs=0.1)


def test_a_third_lacks_something_and_none_lacks_all() -> None:
    assert all(plan.present for plan in PLANS)
    assert sum(len(plan.present) < 3 for plan in PLANS) / 3000 == pytest.approx(0.38, abs=0.03)


def test_what_is_missing_or_broken_says_nothing_about_the_intent() -> None:
    for intent in Intent:
        plans = [plan for plan in PLANS if plan.intent is intent]
        for modality in MODALITIES:
            share = sum(modality in plan.present for plan in plans) / len(plans)
            overall = sum(modality in plan.present for plan in PLANS) / 3000
            assert share == pytest.approx(overall, abs=0.07)


def test_defects_leave_the_ticket_something_and_repeat_only_sound_earlier_tickets() -> None:
    broken = [plan for plan in PLANS if plan.defect]
    assert len(broken) / 3000 == pytest.approx(0.05, abs=0.015)
    assert {plan.defect for plan in broken} == set(Defect)
    for plan in broken:
        if plan.defect.modality:
            assert plan.defect.modality in plan.present
            assert len(plan.present) > 1
        is_copy = plan.defect in {Defect.DUPLICATE, Defect.NEAR_DUPLICATE}
        assert is_copy == (plan.original is not None)
        if plan.original is not None:
            original = PLANS[plan.original]
            assert plan.original < plan.index
            assert original.defect is None
            assert (original.intent, original.customer, original.present) == (plan.intent, plan.customer, plan.present)


def test_first_ticket_repeats_none() -> None:
    params = DemoParameters(defect_share=1)
    for seed in range(20):
        plan = plan_ticket(params.model_copy(update={"seed": seed}), 0)
        assert plan.original is None
        assert plan.defect not in {Defect.DUPLICATE, Defect.NEAR_DUPLICATE}
