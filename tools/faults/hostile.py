# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input, generated from a seed: files, keys, values, and what the kernel may print."""

from __future__ import annotations

import random
from typing import Any

KEYS = (
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_rmem",
    "net.ipv4.conf.eth0/100.rp_filter",
    "net.ipv4.conf.all.rp_filter",
    "kernel.core_pattern",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_fastopen_key",
    "vm.drop_caches",
)
SLASHED_KEYS = tuple(key.translate(str.maketrans("./", "/.")) for key in KEYS)
SPELLINGS = (
    *KEYS,
    *SLASHED_KEYS,
    "net.ipv4.tcp_*",
    "net/ipv4/conf/*/rp_filter",
    "net.ipv4.conf.[!a-z]*.x",
    "net.ipv4.conf.[z-a].rp_filter",
    "net.ipv4.[",
    "*.*.*",
    "?",
    "[^a].b",
    "[[:alpha:]]",
)
PAYLOADS = (
    "$(touch /srv/pwned)",
    "`touch /srv/pwned`",
    "; touch /srv/pwned",
    "| touch /srv/pwned",
    "%s%n%d",
    "%(key)s",
    "{0}",
    "{key}",
    "{{ 7 * 7 }}",
    "\\N{BULLET}",
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    "....//",
    "net/../../etc/shadow",
    "\u202e",
    "\ufeff",
    "\u2028",
    "\x85",
    "\udcff",
    "\x1b[2J",
)
NUMBERS = (
    "0",
    "1",
    "-1",
    "010",
    "0x10",
    "0X1f",
    "0b1",
    "0o7",
    "08",
    "1_000",
    "²",
    "\u0663",
    "--1",
    "- 1",
    "+1",
    "9" * 30,
    "9" * 5000,
    "0" * 5000 + "1",
    "0x" + "f" * 6000,
    "1-2",
    "2-1",
    "0-65535",
    "0-99999999999",
    "1,2-3,,",
    "-",
    "1-",
    "9" * 5000 + "-" + "9" * 5001,
    "::1",
    "fe80::1%eth0",
    ":",
    "1e9",
    "inf",
    "nan",
    "1.5",
)
SPACE = (" ", "\t", "\n", "\r", "\r\n", "\0", "\f", "\v", "\xa0", "\u3000", "", "", "")
MARKS = ("=", "=", "=", "#", ";", "-", "--", "- ", "==", '"', "'", "\\", "\\\n", "%", "*")
PRINTABLE_ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
ALPHABET = PRINTABLE_ASCII + "\t\n\r\0\x7f\x80é\u0660\udc80\udcff\U0001f600"
WORD_LISTS = (KEYS, SPELLINGS, PAYLOADS, NUMBERS, SPACE, SPACE, MARKS, MARKS)


NOT_TEXT: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1 << 70,
    1.5,
    float("nan"),
    {},
    {"a": 1},
    [],
    [[]],
    b"x",
    -(10**400),
)
"""Values that YAML can hand over and that are no text."""


class HostileInput:
    """Everything that one input is made of; the same for the same seed and number."""

    def __init__(self, seed: int, number: int) -> None:
        self.rng = random.Random(seed << 40 | number)

    def word(self) -> str:
        """Return something without blanks, or a blank."""
        rng = self.rng
        if rng.random() < 0.1:
            return "".join(rng.choices(ALPHABET, k=rng.randrange(1, 12)))
        return rng.choice(rng.choice(WORD_LISTS))

    def text(self, max_words: int = 6) -> str:
        count = self.rng.randrange(max_words + 1)
        text = "".join(self.word() for _unused in range(count))
        if text and self.rng.random() < 0.3:
            return self.mutate(text)
        return text

    def mutate(self, text: str) -> str:
        """Change a text in one place: remove, repeat or reverse a part, or insert a character."""
        rng = self.rng
        start = rng.randrange(len(text))
        end = min(len(text), start + rng.randrange(1, 9))
        before = text[:start]
        part = text[start:end]
        after = text[end:]
        kind = rng.randrange(4)
        if kind == 0:
            return before + after
        if kind == 1:
            return before + part + part * rng.randrange(1, 20) + after
        if kind == 2:
            return before + part[::-1] + after
        return before + rng.choice(ALPHABET) + part + after

    def key(self) -> str:
        rng = self.rng
        if rng.random() < 0.5:
            return self.mutate(rng.choice(SPELLINGS))
        return rng.choice((rng.choice(SPELLINGS), self.text(4)))

    def value(self) -> Any:
        """Return a value of a setting as YAML may hand it over."""
        rng = self.rng
        kind = rng.randrange(12)
        if kind == 0:
            return rng.choice(NOT_TEXT)
        if kind == 1:
            return [self.value() for _unused in range(rng.randrange(4))]
        return self.text(4)

    def line(self) -> str:
        rng = self.rng
        if rng.random() < 0.4:
            return self.text()
        parts = (
            rng.choice(SPACE),
            rng.choice(("", "", "-")),
            self.key(),
            rng.choice(SPACE),
            rng.choice(MARKS),
            rng.choice(SPACE),
            self.text(2),
            rng.choice(SPACE),
        )
        return "".join(parts)

    def file(self) -> bytes:
        """Return the bytes of a file; now and then a very long one, or one very long line."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.05:
            return rng.randbytes(rng.randrange(120))
        line_end = rng.choice(("\n", "\n", "\n", "\r\n", "\r", "\0"))
        lines = [self.line() for _unused in range(rng.randrange(7))]
        text = line_end.join(lines) + rng.choice((line_end, ""))
        if chance > 0.99996:
            text = text[:1000] * 20_000
        elif chance > 0.99992:
            text += rng.choice(("x", "a.b = 1", " ", "#", "=")) * (1 << 20)
        errors = "surrogatepass" if rng.random() < 0.1 else "surrogateescape"
        return text.encode("utf-8", errors)
