"""The numbers of charts: where each bar stands."""

from decimal import Decimal
from itertools import pairwise

import pytest

from gateway.web import chart_words
from gateway.web.charts import Point, Stack, nice_step, share_bars, stack_chart, year_chart
from tests.gateway.web.conftest import charge_stacks, plain, year_points


@pytest.mark.parametrize(
    ("reach", "step"),
    [
        ("6", "2"),
        ("5.9", "2"),
        ("4", "1"),
        ("8.1", "2.5"),
        ("196", "50"),
        ("0.03", "0.01"),
        ("10", "2.5"),
        ("1001", "500"),
    ],
)
def test_axis_steps_are_round_and_at_most_four(reach, step):
    assert nice_step(Decimal(reach)) == Decimal(step)


def test_year_chart_stands_as_drawn_in_the_reference():
    chart = year_chart(year_points(), strong=9, unit="m3")
    assert [(int(tick.value), tick.y) for tick in chart.ticks] == [(2, "136.0"), (4, "88.0"), (6, "40.0")]
    assert (chart.height, chart.base_y, chart.label_y, chart.left) == (216, "184.0", "206.0", "6.00%")
    january = chart.groups[0]
    before, now = january.bars
    assert (before.kind, before.y, before.height, before.width) == ("prev", "61.6", "122.4", "5.60%")
    assert (now.kind, now.y, now.height, now.width) == ("now", "66.4", "117.6", "3.21%")
    october = chart.groups[9]
    assert october.bars[1].y == "40.0"
    assert october.mark is not None
    assert (october.mark.y, october.mark.value, october.strong) == ("32.0", Decimal("6.0"), True)


def test_taller_chart_keeps_its_values():
    chart = year_chart(year_points(), height=288)
    assert chart.groups[0].bars[0].y == "72.4"
    assert chart.base_y == "256.0"


def test_month_under_way_is_dashed_and_a_month_to_come_has_no_bar():
    groups = year_chart(year_points()).groups
    assert [bar.kind for bar in groups[10].bars] == ["prev", "part"]
    assert [bar.kind for bar in groups[11].bars] == ["prev"]


def test_bars_stay_inside_the_chart():
    for count in (1, 5, 12, 24, 31, 96):
        points = [Point(str(n), str(n), Decimal(n), Decimal(count - n)) for n in range(count)]
        for group in year_chart(points).groups:
            for bar in group.bars:
                assert float(bar.x[:-1]) >= 6
                assert float(bar.x[:-1]) + float(bar.width[:-1]) <= 100.01
                assert 40 <= float(bar.y) <= 184
                assert float(bar.y) + float(bar.height) == pytest.approx(184, abs=0.11)


def test_many_bars_share_at_most_twelve_labels():
    points = [Point(str(n), str(n), Decimal(n)) for n in range(31)]
    assert sum(group.shown for group in year_chart(points).groups) <= 12


def test_empty_and_zero_charts_have_an_axis():
    assert year_chart([]).groups == ()
    chart = year_chart([Point("a", "a", Decimal(0))])
    assert chart.groups[0].bars[0].height == "0.0"


def test_stacks_stand_on_each_other_and_reach_their_sum():
    chart = stack_chart(charge_stacks(), strong=11)
    assert [tick.value for tick in chart.ticks] == [50, 100, 150, 200]
    december = chart.groups[11].bars
    assert [bar.kind for bar in december] == ["eb-s1", "eb-s2", "eb-s3"]
    for below, above in pairwise(december):
        assert float(above.y) + float(above.height) == pytest.approx(float(below.y), abs=0.11)
    assert [bar.kind for bar in chart.groups[0].bars] == ["eb-s1", "eb-s2"]
    mark = chart.groups[11].mark
    assert mark is not None
    assert mark.value == Decimal(196)


def test_corrections_hang_below_the_base_line():
    chart = stack_chart([Stack("m", "m", (Decimal(30), Decimal(-20)))])
    charge, correction = chart.groups[0].bars
    base = float(chart.base_y)
    assert float(charge.y) + float(charge.height) == pytest.approx(base, abs=0.11)
    assert float(correction.y) == pytest.approx(base, abs=0.11)
    assert [tick.value for tick in chart.ticks] == [-20, -10, 10, 20, 30]
    assert all(0 < float(bar.y) + float(bar.height) <= 184.1 for bar in chart.groups[0].bars)


def test_steps_of_why_it_changed_lead_to_the_end():
    bars = share_bars([Decimal("164.38"), Decimal("15.03"), Decimal("4.79")])
    assert bars == [("0.0%", "89.2%"), ("89.2%", "8.2%"), ("97.4%", "2.6%")]
    falling = share_bars([Decimal(100), Decimal(-20)])
    assert falling == [("0.0%", "100.0%"), ("80.0%", "20.0%")]


def test_sentence_says_what_the_last_whole_month_took(site):
    expected = {
        "pl": "W październiku poszło 6,0 m³, o 0,8 m³ więcej niż rok temu. To najwięcej w tym roku.",
        "en": "In October you used 6.0 m³, 0.8 m³ more than a year ago. This is the most this year.",
        "uk": "У жовтні використано 6,0 m³, на 0,8 m³ більше, ніж рік тому. Це найбільше цього року.",
    }
    for language, sentence in expected.items():
        with site.app.test_request_context(headers={"Accept-Language": language}):
            said = chart_words.month_sentence(year_points(), "m3")
            assert plain(said.striptags()) == sentence
            assert '<strong class="eb-nowrap">' in said


def test_year_sentence_compares_the_same_months_only(site):
    with site.app.test_request_context():
        now, before = chart_words.compared(year_points())
        assert (now, before) == (Decimal("50.6"), Decimal("52.2"))
        said = plain(chart_words.year_sentence(year_points(), "m3"))
        assert said == "W tym roku zużywasz o 1,6 m³ mniej niż rok temu."


def test_charges_sentence_names_the_dearest_month(site):
    with site.app.test_request_context():
        said = plain(chart_words.charges_sentence(charge_stacks()).striptags())
        assert said == "Razem 2 076,00 zł, najwięcej w jednym miesiącu (grudzień): 196,00 zł."
        assert plain(chart_words.charges_sentence([])) == "W tych miesiącach nie było żadnych opłat."


def test_words_from_data_are_escaped(site):
    with site.app.test_request_context():
        said = chart_words.charges_sentence([Stack("<i>maj</i>", "maj", (Decimal(1),))])
        assert "<i>" not in said
