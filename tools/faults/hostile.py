# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input, made from a seed: bytes of files, names of keys, values, and what the kernel may print."""

from __future__ import annotations

import random
from typing import Any

KEYS = (
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_rmem", "net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.all.rp_filter",
    "kernel.core_pattern", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_fastopen_key", "vm.drop_caches",
)  # fmt: skip
SPELLINGS = (
    *KEYS, *(key.translate(str.maketrans("./", "/.")) for key in KEYS), "net.ipv4.tcp_*", "net/ipv4/conf/*/rp_filter", "net.ipv4.conf.[!a-z]*.x",
    "net.ipv4.conf.[z-a].rp_filter", "net.ipv4.[", "*.*.*", "?", "[^a].b", "[[:alpha:]]",
)  # fmt: skip
PAYLOADS = (
    "$(touch /srv/pwned)", "`touch /srv/pwned`", "; touch /srv/pwned", "| touch /srv/pwned", "%s%n%d", "%(key)s", "{0}", "{key}", "{{ 7 * 7 }}",
    "\\N{BULLET}", "../../etc/passwd", "/etc/passwd", "..", "....//", "net/../../etc/shadow",
    "\u202e", "\ufeff", "\u2028", "\x85", "\udcff", "\x1b[2J",
)  # fmt: skip
NUMBERS = (
    "0", "1", "-1", "010", "0x10", "0X1f", "0b1", "0o7", "08", "1_000", "²", "\u0663", "--1", "- 1", "+1", "9" * 30, "9" * 5000,
    "0" * 5000 + "1", "0x" + "f" * 6000, "1-2", "2-1", "0-65535", "0-99999999999", "1,2-3,,", "-", "1-", "9" * 5000 + "-" + "9" * 5001,
    "::1", "fe80::1%eth0", ":", "1e9", "inf", "nan", "1.5",
)  # fmt: skip
SPACE = (" ", "\t", "\n", "\r", "\r\n", "\0", "\f", "\v", "\xa0", "\u3000", "", "", "")
MARKS = ("=", "=", "=", "#", ";", "-", "--", "- ", "==", '"', "'", "\\", "\\\n", "%", "*")
ALPHABET = "".join(map(chr, range(0x21, 0x7F))) + "\t\n\r\0\x7f\x80é\u0660\udc80\udcff\U0001f600"
WORDS = (KEYS, SPELLINGS, PAYLOADS, NUMBERS, SPACE, SPACE, MARKS, MARKS)


class Hostile:
    """Input number so and so of a seed."""

    def __init__(self, seed: int, number: int) -> None:
        self.rnd = random.Random(seed << 40 | number)

    def word(self) -> str:
        """Make what stands between blanks."""
        rnd = self.rnd
        if rnd.random() < 0.1:
            return "".join(rnd.choices(ALPHABET, k=rnd.randrange(1, 12)))
        return rnd.choice(rnd.choice(WORDS))

    def text(self, most: int = 6) -> str:
        text = "".join(self.word() for _unused in range(self.rnd.randrange(most + 1)))
        return self.mutated(text) if text and self.rnd.random() < 0.3 else text

    def mutated(self, text: str) -> str:
        """Change one place of a text: leave out, say again, swap, put in."""
        rnd = self.rnd
        start = rnd.randrange(len(text))
        end = min(len(text), start + rnd.randrange(1, 9))
        kind = rnd.randrange(4)
        if kind == 0:
            return text[:start] + text[end:]
        if kind == 1:
            return text[:end] + text[start:end] * rnd.randrange(1, 20) + text[end:]
        if kind == 2:
            return text[:start] + text[start:end][::-1] + text[end:]
        return text[:start] + rnd.choice(ALPHABET) + text[start:]

    def key(self) -> str:
        rnd = self.rnd
        return (
            self.mutated(rnd.choice(SPELLINGS))
            if rnd.random() < 0.5
            else rnd.choice((rnd.choice(SPELLINGS), self.text(4)))
        )

    def value(self) -> Any:
        """Make what YAML may hand over as a value."""
        rnd = self.rnd
        kind = rnd.randrange(12)
        if kind == 0:
            return rnd.choice(
                (
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
            )
        if kind == 1:
            return [self.value() for _unused in range(rnd.randrange(4))]
        return self.text(4)

    def line(self) -> str:
        rnd = self.rnd
        if rnd.random() < 0.4:
            return self.text()
        parts = (
            rnd.choice(SPACE),
            rnd.choice(("", "", "-")),
            self.key(),
            rnd.choice(SPACE),
            rnd.choice(MARKS),
            rnd.choice(SPACE),
            self.text(2),
            rnd.choice(SPACE),
        )
        return "".join(parts)

    def file(self) -> bytes:
        """Make the bytes of a file; now and then a very long one, or one very long line."""
        rnd = self.rnd
        chance = rnd.random()
        if chance < 0.05:
            return rnd.randbytes(rnd.randrange(120))
        end = rnd.choice(("\n", "\n", "\n", "\r\n", "\r", "\0"))
        text = end.join(self.line() for _unused in range(rnd.randrange(7))) + rnd.choice((end, ""))
        if chance > 0.99996:
            text = text[:1000] * 20_000
        elif chance > 0.99992:
            text += rnd.choice(("x", "a.b = 1", " ", "#", "=")) * (1 << 20)
        return text.encode("utf-8", "surrogatepass" if rnd.random() < 0.1 else "surrogateescape")
