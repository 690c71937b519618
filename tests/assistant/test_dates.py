from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.assistant.dates import AHEAD_DAYS, find_dates

TODAY = date(2026, 3, 20)  # a Friday
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def days(text: str, today: date = TODAY) -> list[str]:
    return [found.day.isoformat() for found in find_dates(text, today)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I ordered on 14 March", "2026-03-14"),
        ("on March 14th, please", "2026-03-14"),
        ("the 1st of Sept 2025", "2025-09-01"),
        ("by 14/3", "2026-03-14"),
        ("3/14", "2026-03-14"),
        ("14.03.2026", "2026-03-14"),
        ("2026-03-14", "2026-03-14"),
        ("2026/3/14", "2026-03-14"),
        ("yesterday", "2026-03-19"),
        ("the day before yesterday", "2026-03-18"),
        ("tomorrow", "2026-03-21"),
        ("a week ago", "2026-03-13"),
        ("three days ago", "2026-03-17"),
        ("2 months ago", "2026-01-20"),
        ("in two days", "2026-03-22"),
        ("last Friday", "2026-03-13"),
        ("on Monday", "2026-03-16"),
        ("next Monday", "2026-03-23"),
        ("since wed", "2026-03-18"),
        ("3月14号", "2026-03-14"),
        ("三月十四号", "2026-03-14"),
        ("2025年12月1日", "2025-12-01"),
        ("二零二五年十二月一日", "2025-12-01"),
        ("昨天", "2026-03-19"),
        ("大前天", "2026-03-17"),
        ("后天", "2026-03-22"),
        ("三天前", "2026-03-17"),
        ("两个星期前", "2026-03-06"),
        ("一个月前", "2026-02-20"),
        ("上周五", "2026-03-13"),
        ("这周五", "2026-03-20"),
        ("星期天", "2026-03-22"),
        ("下周一", "2026-03-23"),
        ("上个月3号", "2026-02-03"),
        ("5号", "2026-03-05"),
        ("25号", "2026-02-25"),
        ("31 January", "2026-01-31"),
    ],
)
def test_a_day_is_found(text: str, expected: str) -> None:
    assert days(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "open 24/7",
        "31 February",
        "13/13",
        "May I ask?",
        "the sun is out",
        "2月",
        "3号线",
        "1.5 litres",
        "二号店",
        "周末",
    ],
)
def test_what_is_no_day_is_left(text: str) -> None:
    assert days(text) == []


def test_all_days_are_found_in_their_order() -> None:
    assert days("ordered yesterday, promised for March 25, 3月2号") == ["2026-03-19", "2026-03-25", "2026-03-02"]


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(0, 5))
def test_a_day_with_its_year_survives_every_way_of_writing(day: date, way: int) -> None:
    month = MONTHS[day.month - 1]
    written = (
        day.isoformat(),
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.day}.{day.month}.{day.year}",
        f"{day.day}/{day.month}/{day.year}",
    )[way]
    assert days(f"since {written} it is here") == [day.isoformat()]


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_a_day_without_a_year_is_the_latest_that_is_not_far_ahead(today: date, other: date) -> None:
    [found] = find_dates(f"on {other.day} {MONTHS[other.month - 1]}", today)
    assert (found.day.day, found.day.month) == (other.day, other.month)
    assert found.day <= today + timedelta(days=AHEAD_DAYS)
    is_leap_day = (other.day, other.month) == (29, 2)
    assert is_leap_day or found.day > today + timedelta(days=AHEAD_DAYS - 366)


@settings(deadline=None)
@given(st.text(max_size=60), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_any_text_is_fine(text: str, today: date) -> None:
    for found in find_dates(text, today):
        assert 0 <= found.start < found.end <= len(text)
