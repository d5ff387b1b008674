# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of sections that hold options, as systemd, NetworkManager and TuneD have them."""

from __future__ import annotations

from typing import Iterator, NamedTuple


class Option(NamedTuple):
    """A line ``name = value`` below the heading of a section."""

    path: str
    number: int
    """Of the line, from 1."""
    section: str
    name: str
    value: str


def read_options(path: str, text: str) -> Iterator[Option]:
    """Yield the options of all sections of a file, in reading order."""
    section = ""
    for number, spaced_line in enumerate(text.split("\n"), 1):
        line = spaced_line.strip()
        if line.startswith("["):
            section = line[1:].partition("]")[0]
            continue
        name, equals, value = line.partition("=")
        name = name.strip()
        if equals and section and name and name[0] not in "#;":
            yield Option(
                path=path,
                number=number,
                section=section,
                name=name,
                value=value.strip(),
            )
