"""What is wrong with a stretch of text, before it is known where the text stands in a file."""

from __future__ import annotations

ALL = 1_000_000
"""Words to swallow: the rest of the layer."""


class TextError(Exception):
    """A mistake at characters start..end of a text; the parts of a finding without its file."""

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        *,
        help: str | None = None,  # noqa: A002 - the word that users see
        code: str = "CNN905",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.help = help
        self.code = code
        self.swallows = 0
        """So many words behind it belong to the same mistake; of a single one only a number."""

    def shifted(self, by: int) -> TextError:
        """Move it to a text in which its own starts at character `by`."""
        return type(self)(self.message, self.start + by, self.end + by, help=self.help, code=self.code)


def comma(word: str) -> TextError:
    """`conv 64, k3`."""
    end = len(word)
    return TextError(f"a comma behind `{word[:-1]}`", end - 1, end, help="words are separated by spaces alone")
