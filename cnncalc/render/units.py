"""Numbers as text: the only place where a number is rounded.

Exact forms (`exact`, `fraction`) lose nothing; short forms keep three significant digits, halves rounded to even.
"""

from __future__ import annotations

from fractions import Fraction

SIGNIFICANT = 3
_DECIMAL = ("", "K", "M", "G", "T", "P", "E", "Z", "Y")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_PLAIN_COUNT = 10_000
_PLAIN_BYTES = 1024


def exact(number: int) -> str:
    """Every digit, in groups of three.

    >>> exact(25557032)
    '25,557,032'
    """
    return f"{number:,}"


def count(number: int) -> str:
    """Three significant digits with a decimal prefix; below 10,000 every digit.

    >>> count(25557032), count(4089184256), count(9408), count(999950)
    ('25.6M', '4.09G', '9,408', '1.00M')
    """
    return _scaled(number, 1000, _DECIMAL) if abs(number) >= _PLAIN_COUNT else exact(number)


def size(number: int) -> str:
    """Bytes with a binary prefix; below 1 KiB every byte.

    >>> size(9633792), size(1000), size(1024**3 - 1)
    ('9.19 MiB', '1000 B', '1.00 GiB')
    """
    return _scaled(number, 1024, _BINARY, " ") if abs(number) >= _PLAIN_BYTES else f"{number} B"


def share(part: int, whole: int) -> str:
    """Percent with one digit after the point; what is not nothing is never shown as 0.0.

    >>> share(1, 3), share(1, 100000), share(0, 3), share(0, 0), share(3, 3), share(99999, 100000)
    ('33.3%', '<0.1%', '0%', '-', '100%', '>99.9%')
    """
    if whole == 0:
        return "-"
    if part == 0:
        return "0%"
    if part == whole:
        return "100%"
    thousandths = round(Fraction(part * 1000, whole))
    if thousandths == 0:
        return "<0.1%"
    if thousandths == 1000:  # noqa: PLR2004 - a thousand thousandths
        return ">99.9%" if part < whole else "100%"
    return f"{thousandths // 10}.{thousandths % 10}%"


def percent(part: Fraction) -> str:
    """A change as a signed part of what was there; what is not nothing is never shown as 0.0.

    >>> percent(Fraction(1, 8)), percent(Fraction(-1, 10_000)), percent(Fraction(0))
    ('+12.5%', '-<0.1%', '0%')
    """
    if not part:
        return "0%"
    thousandths = round(abs(part) * 1000)
    sign = "+" if part > 0 else "-"
    return f"{sign}{thousandths // 10:,}.{thousandths % 10}%" if thousandths else f"{sign}<0.1%"


def fraction(number: Fraction | int) -> str:
    """A jump or a start: decimals where three of them say it exactly, else numerator/denominator.

    >>> [fraction(Fraction(*pair)) for pair in ((2, 1), (1, 2), (-53, 8), (1, 3))]
    ['2', '0.5', '-6.625', '1/3']
    """
    numerator, denominator = number.numerator, number.denominator
    if denominator == 1:
        return str(numerator)
    if 1000 % denominator:
        return str(number)
    whole, rest = divmod(abs(numerator) * (1000 // denominator), 1000)
    return f"{'-' if number < 0 else ''}{whole}.{rest:03d}".rstrip("0")


def decimal(number: float) -> str:
    """Three significant digits, whole numbers without a point, large ones with a prefix.

    >>> [decimal(n) for n in (2.0, 30.6448, 0.054321, 1234.5, 0.0)]
    ['2', '30.6', '0.0543', '1,234', '0']
    """
    if number == int(number) or abs(number) >= 100:  # noqa: PLR2004 - three digits before the point
        return count(round(number))
    return f"{number:.{SIGNIFICANT}g}"


def _scaled(number: int, base: int, prefixes: tuple[str, ...], gap: str = "") -> str:
    """Divide by the base until three digits are left before the point, rounding once, at the end."""
    sign, number = ("-" if number < 0 else ""), abs(number)
    power = 0
    while power < len(prefixes) - 1 and number >= base ** (power + 1):
        power += 1
    text = _digits(Fraction(number, base**power))
    if text == str(base) and power < len(prefixes) - 1:  # rounding reached the next prefix
        power += 1
        text = _digits(Fraction(1))
    return f"{sign}{text}{gap}{prefixes[power]}"


def _digits(value: Fraction) -> str:
    """Write a value of at least 1 with at least three significant digits."""
    for places in (2, 1, 0):
        scaled = round(value * 10**places)
        if scaled < 10**SIGNIFICANT or places == 0:
            whole, rest = divmod(scaled, 10**places)
            return f"{whole}.{rest:0{places}d}" if places else str(whole)
    raise AssertionError
