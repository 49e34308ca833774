from __future__ import annotations

import pytest

from cnncalc.errors import LayerError
from cnncalc.ops.refuse import nearest_divisors, nearest_multiples, pads_per_axis, per_axis


def test_the_nearest_divisors_are_found_by_trying_all() -> None:
    for number in range(1, 61):
        divisors = [divisor for divisor in range(1, number + 1) if number % divisor == 0]
        for near in range(1, 70):
            below = [divisor for divisor in divisors if divisor < near][-1:]
            above = [divisor for divisor in divisors if divisor > near][:1]
            assert nearest_divisors(number, near) == (*below, *above)


def test_the_nearest_multiples_are_found_by_trying_all() -> None:
    for divisor in range(1, 20):
        for number in range(1, 60):
            if number % divisor == 0:
                continue
            multiples = range(divisor, 200, divisor)
            below = [multiple for multiple in multiples if multiple < number][-1:]
            above = [multiple for multiple in multiples if multiple > number][:1]
            assert nearest_multiples(number, divisor) == (*below, *above)


def test_divisors_of_the_largest_channel_count_take_no_time() -> None:
    assert nearest_divisors(2**31 - 1, 1000) == (1, 2**31 - 1)  # a prime


@pytest.mark.parametrize(("value", "ndim"), [((1, 2), 3), ((1, 2, 3), 2), ((1,), 2)])
def test_another_number_of_values_than_axes_is_refused(value: tuple[int, ...], ndim: int) -> None:
    for found in (lambda: per_axis(value, ndim, "stride"), lambda: pads_per_axis(value, ndim, "stride")):
        with pytest.raises(LayerError) as caught:
            found()
        assert (caught.value.code, caught.value.option) == ("CNN905", "stride")


def test_a_single_pair_holds_for_every_axis() -> None:
    assert pads_per_axis(((0, 1),), 3, "padding") == ((0, 1),) * 3
