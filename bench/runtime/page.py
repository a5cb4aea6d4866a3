"""The page in docs/: its words stay, and what is between the two markers is written anew. Pure."""

from typing import Final

BEGIN: Final = "<!-- bench-runtime: begin -->"
END: Final = "<!-- bench-runtime: end -->"


def put(page: str, report: str) -> str:
    """Put a report between the markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} with {END} after it")
    return f"{before}{BEGIN}\n\n{report.strip()}\n\n{END}{after}"
