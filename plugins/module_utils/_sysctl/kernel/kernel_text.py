# SPDX-License-Identifier: GPL-3.0-or-later

"""How the kernel reads a text that is written to a key, and what the key holds afterwards.

A key of numbers takes as many numbers as it holds and drops the rest of the text, whatever it is;
it keeps its other numbers if the text has fewer. A key of text takes all of it. Lists of ranges
and some other keys have a grammar of their own.

Sources: kernel/sysctl.c (proc_get_long, __do_proc_dointvec, proc_dostring, proc_do_large_bitmap),
net/ipv4/sysctl_net_ipv4.c, fs/binfmt_misc.c. A number outside of the range of its key is refused
too, see ``number_ranges.py``, and others are rounded, see ``rounding.py``.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from socket import AF_INET6, inet_pton
from typing import TYPE_CHECKING, Any, Callable, Collection, Iterable, NamedTuple

from ..._lazy_module import LazyModule
from ..keys import CPU_MASKS, LOGGER_PREFIX, RANGE_LISTS, WITHOUT_VALUE, may_be_rounded
from ..secrets import SECRET_SUFFIXES
from ..text import LONGEST_WRITE, decode, encode

if TYPE_CHECKING:
    from . import number_ranges, rounding
else:
    number_ranges = LazyModule(__name__, ".number_ranges")
    rounding = LazyModule(__name__, ".rounding")

SWITCHES = {"yes": "1", "on": "1", "true": "1", "no": "0", "off": "0", "false": "0"}
"""Words that people write for 1 and 0, in any case."""

_WRITTEN_FORMS = {
    ("fs.binfmt_misc.status", "disabled"): "0",
    ("fs.binfmt_misc.status", "enabled"): "1",
}
"""Key and value as the kernel prints it -> the text to write, where it does not take the former."""

ALL_OR_NOTHING = ("net.ipv4.ip_local_port_range", "net.ipv4.ping_group_range")
"""Keys of several numbers that take none of them if there is an error in the text.

Others have then taken the numbers before the error.
"""

_NAME = re.compile(r"[\w.-]+", re.ASCII)
"""What a module may be called."""
_SPACES = " \t\n\v\f\r\xa0"
_NUMBER_ENDS = re.compile("[ \t\n]")
_LOWEST_INT = -(1 << 31)
_LONGEST_NUMBER = 20
_HIGHEST_NUMBER = (1 << 64) - 1
_FIRST_CPU = 1
_DIGITS = {8: "01234567", 10: "0123456789", 16: "0123456789abcdef"}
_LONGEST_FASTOPEN_TEXT = 73
_ADDRESS = "[0-9a-f:.]*"
_LONGEST_GROUP = 8
_CHANGED_IF_REFUSED = "net.core.rps_default_mask"
_LAST_GROUP = re.compile(r"(^|[\s,])[0-9a-f]{1,8}[\s,]*$", re.IGNORECASE)
_FASTOPEN_KEY = "-".join([r"[\s\xa0]*((?:0x)?[0-9a-f]*)"] * 4)


def taken_value(key: str, text: str, live: str | None) -> str | None:
    """Return what a key holds once a text was written to it, None if it refuses the text.

    live: the value before; None: not known, and then a text is taken as it is unless the key is
    one of those with a grammar of their own.
    """
    taken = written_value(key, text, live)
    if taken is None or live is None or not is_made_of_numbers(key, live):
        return taken
    fields = live.split()
    numbers = taken.split()
    numbers += fields[len(numbers) :]
    return _ordered_pair(key, numbers) if key in ALL_OR_NOTHING else " ".join(numbers)


def written_value(key: str, text: str, live: str | None) -> str | None:
    """Return the part of a text that a key takes, None if it refuses the text.

    It is the whole new value, unless the text has fewer numbers than the key.
    """
    grammar = grammar_of(key)
    if grammar is not None:
        taken: str | None = grammar.take(text)
        return taken
    if live is None:
        return _kept_text(key, text)
    if not is_numeric(live):
        return text
    fields = live.split()
    numbers, is_read_to_its_end = read_numbers(text, len(fields))
    kept = _kept_numbers(key, numbers, live)
    numbers = numbers if kept is None else kept
    if not numbers or (key in ALL_OR_NOTHING and not is_read_to_its_end):
        return None
    written = _as_written(numbers, text)
    is_pair = key in ALL_OR_NOTHING and len(written) == len(fields)
    return _ordered_pair(key, written) if is_pair else " ".join(written)


def _as_written(numbers: list[int], text: str) -> list[str]:
    """Return numbers as texts. A zero keeps the sign that it has in a text: keys may refuse it."""
    written = [str(number) for number in numbers]
    for index, field in enumerate(text.split()[: len(written)]):
        if numbers[index] == 0 and is_negative_zero(field):
            written[index] = field
    return written


def _ordered_pair(key: str, fields: list[str]) -> str | None:
    """Return what a key of two numbers, the lower one first, makes of them; None: it refuses them.

    ping_group_range then allows no group: set_ping_group_range, net/ipv4/sysctl_net_ipv4.c.
    """
    numbers = [read_number(field) or 0 for field in fields]
    if numbers == sorted(numbers):
        return " ".join(fields)
    return "1 0" if key == "net.ipv4.ping_group_range" else None


def _kept_text(key: str, text: str) -> str | None:
    """Return what every kernel makes of numbers, the text as it is where they differ."""
    if not is_numeric(text):
        return text
    numbers, _is_read_to_its_end = read_numbers(text, len(text.split()))
    kept = _kept_numbers(key, numbers, None)
    if kept is None or kept == numbers:
        return text
    return " ".join(str(number) for number in kept) or None


def is_known(key: str, text: str, live: str | None, available_names: Collection[str] = ()) -> bool:
    """Tell whether it is known what the kernel makes of a text with numbers or names."""
    grammar = grammar_of(key)
    if grammar and grammar.takes_names and live is not None:
        names = {*available_names, *grammar.sure_names, *live.split()}
        taken = grammar.take(text) or ""
        return names.issuperset(taken.split()) if grammar.takes_many else taken in (*names, "")
    if grammar and grammar.cpus:
        cpus = grammar.cpus(grammar.take(live or "") or "") | _FIRST_CPU
        return not grammar.cpus(grammar.take(text) or "") & ~cpus
    if grammar:
        return True
    if live is not None and not is_numeric(live):
        return text.split() == live.split()
    if any(is_negative_zero(field) for field in text.split()):
        return False
    count = len(text.split() if live is None else live.split())
    numbers, _is_read_to_its_end = read_numbers(text, count)
    return _kept_numbers(key, numbers, live) is not None


def changes_if_refused(key: str, text: str) -> bool:
    """Tell whether a text, which a key refuses, may change its value all the same.

    The kernel reads the groups of a mask from the last one on, into the mask itself:
    rps_default_mask_sysctl in net/core/sysctl_net_core.c, and bitmap_parse.
    """
    return key == _CHANGED_IF_REFUSED and _LAST_GROUP.search(text) is not None


def _kept_numbers(key: str, numbers: list[int], live: str | None) -> list[int] | None:
    """Return the numbers that a key holds of those that are written, None if that is not known.

    The kernel refuses a number outside of the range of the key, and those after it. It rounds the
    numbers of some keys.
    """
    if live is not None and [read_number(field) for field in live.split()] == numbers:
        return numbers
    is_rounded = may_be_rounded(key)
    refused = number_ranges.first_refused(key, numbers, live)
    if refused is not None:
        position = refused[0]
        if is_rounded and numbers[position] < _LOWEST_INT:
            return None  # a time is converted before its range is looked at, and may then be in it
        numbers = [] if key in ALL_OR_NOTHING else numbers[:position]
    elif not _takes_surely(key, numbers):
        return None
    return rounding.kept_numbers(key, numbers, live) if is_rounded else numbers


def _takes_surely(key: str, numbers: list[int]) -> bool:
    """Tell whether a key is known to take these numbers, which its range does not refuse."""
    rule = rounding.rounding_of(key) if may_be_rounded(key) else None
    if rule is not None and not number_ranges.ranges_of(key):
        return True
    return number_ranges.takes_surely(key, numbers)


def first_write(key: str, text: str) -> str:
    """Return the part of a text that the kernel takes in one write: of a list, whole ranges."""
    if key not in RANGE_LISTS or len(text) < LONGEST_WRITE:
        return text
    items = text[:LONGEST_WRITE].split(",")
    if items[-1] == "" and "-" not in items[-2]:
        # One character is left, the comma: the kernel takes the number for one that goes on.
        items.pop()
    return ",".join(items[:-1])


def parts_to_write(key: str, value: str) -> list[str]:
    """Return the texts by which a key gets a value, each short enough for one write.

    The kernel adds the ranges of a later write to those of the ones before.
    """
    value = _WRITTEN_FORMS.get((key, value), value)
    parts = []
    while key in RANGE_LISTS and len(value) >= LONGEST_WRITE:
        end = value.rfind(",", 0, LONGEST_WRITE - 1) + 1
        if not end:
            break
        parts.append(value[:end])
        value = value[end:]
    return [*parts, value]


def number_for_word(key: str, value: str, live: Iterable[str | None]) -> str:
    """Return 1 or 0 for a word that means it where the key takes numbers, else the value itself.

    live: the runtime values of the keys that it is for; none: they are not known.
    """
    value = _WRITTEN_FORMS.get((key, value), value)
    number = SWITCHES.get(value.lower())
    runtime = list(live)
    if number is None or not runtime:
        return value
    if all(text is not None and is_made_of_numbers(key, text) for text in runtime):
        return number
    return value


def value_with_comment(key: str, text: str, value: str, live: str | None) -> str:
    """Return the text of a line once it gives another value: with the comment that it had."""
    if live is None or not is_made_of_numbers(key, live):
        return value
    count = len(live.split())
    fields = text.split(None, count)
    if len(fields) <= count or not fields[count].startswith(("#", ";")):
        return value
    comment = fields[count]
    numbers = text[: -len(comment)]
    blanks = numbers[len(numbers.rstrip()) :]
    return value + blanks + comment


def is_made_of_numbers(key: str, live: str) -> bool:
    """Tell whether a key with this value takes numbers, each by its position."""
    return grammar_of(key) is None and is_numeric(live)


def is_numeric(value: str) -> bool:
    """Tell whether a value is made of numbers, at least one."""
    fields = value.split()
    return bool(fields) and all(read_number(field) is not None for field in fields)


def read_numbers(text: str, count: int) -> tuple[list[int], bool]:
    """Return the numbers that the kernel reads, and whether it found no error in them.

    It reads up to ``count`` and looks no further.
    """
    numbers: list[int] = []
    rest = encode(text + "\n")[:LONGEST_WRITE].decode("latin-1").lstrip(_SPACES)
    while rest and len(numbers) < count:
        field = _NUMBER_ENDS.split(rest, maxsplit=1)[0]
        number = read_number(field)
        if number is None:
            return numbers, False
        numbers.append(number)
        rest = rest[len(field) :].lstrip(_SPACES)
    return numbers, True


@lru_cache(maxsize=1024)
def read_number(text: str) -> int | None:
    """Return the number that a text is to the kernel, None if it is none.

    0x is hexadecimal and a leading 0 octal, as strtoul(3) has it with base 0.
    """
    digits = text[1:] if text.startswith("-") else text
    digits = digits.lower()
    base = 10
    if digits.startswith("0x"):
        base = 16
        digits = digits[2:]
    elif digits.startswith("0"):
        base = 8
    if not digits or len(text) > _LONGEST_NUMBER or digits.strip(_DIGITS[base]):
        return None
    number = int(digits, base)
    if number > _HIGHEST_NUMBER:
        return None
    return -number if text.startswith("-") else number


def is_negative_zero(text: str) -> bool:
    """Tell whether a text is a zero with a sign: keys of numbers without one refuse it."""
    return text.startswith("-") and read_number(text) == 0


@lru_cache(maxsize=1024)
def canonical_value(key: str, value: str) -> object:
    """Return a form of a value that is equal for all texts that are one value to the kernel.

    Where a key reads -0, it holds a negative number that is 0 in the unit of the key
    (do_proc_dointvec_userhz_jiffies_conv, kernel/sysctl.c).
    """
    grammar = grammar_of(key)
    if grammar is not None:
        taken = grammar.take(value)
        return " ".join(value.split()) if taken is None else taken
    fields = value.split()
    return [field if is_negative_zero(field) else parse_number(field) for field in fields]


def parse_number(text: str) -> int | str:
    """Return the number that a text is to the kernel; a text that is none, as it is."""
    number = read_number(text)
    return text if number is None else number


class Grammar(NamedTuple):
    """How the kernel reads the text of a key that does not take numbers by their position."""

    take: Callable[[str], Any]
    """Returns the value that a text gives, in one form for all texts that do; None: refused."""
    remedy: str
    """What to give instead of a text that is refused."""
    takes_names: bool = False
    """Whether it takes a name of a part of the kernel, and refuses one that it does not have."""
    takes_many: bool = False
    """Whether it takes several such names, with blanks between them."""
    sure_names: tuple[str, ...] = ()
    """Those of them that every kernel has."""
    cpus: Callable[[str], int] | None = None
    """Returns the CPUs in a value that it took as bits, where it takes those of the machine."""
    cuts: bool = False
    """Whether it keeps the start of a text that goes on behind the value."""


def takes_names(key: str) -> bool:
    """Tell whether a key takes names of parts of the kernel, which it may not have."""
    grammar = grammar_of(key)
    return grammar is not None and grammar.takes_names


def grammar_of(key: str) -> Grammar | None:
    """Return the grammar of a key, None if it takes numbers or any text."""
    if key in RANGE_LISTS:
        return _RANGES[key]
    if key in WITHOUT_VALUE:
        return _NOTHING
    if key.endswith(SECRET_SUFFIXES):
        return _SECRETS.get(key.rpartition(".")[2])
    return _LOGGERS if key.startswith(LOGGER_PREFIX) else _GRAMMARS.get(key)


def _merge_ranges(text: str, highest: int) -> str | None:
    """Return a list of ranges such as ``1-3,7`` as the kernel prints it, sorted and merged.

    A blank is an error, a comma at the end is not. highest: the highest number that it takes.
    """
    items = text.split(",")
    if items[-1] == "":
        items.pop()
    ranges = []
    for item in items:
        low, dash, upper = item.partition("-")
        first = read_number(low)
        last = read_number(upper) if dash else first
        if first is None or last is None or not 0 <= first <= last <= highest:
            return None
        ranges.append((first, last))
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in merged]
    return ",".join(texts)


def _read_fastopen_keys(text: str) -> str | None:
    """Return one or two keys as the kernel prints them: four groups of eight digits each."""
    keys = []
    for key in encode(text)[:_LONGEST_FASTOPEN_TEXT].decode("latin-1").split(",", 1):
        match = re.match(_FASTOPEN_KEY, key, re.IGNORECASE)
        if match is None or "" in match.groups():
            return None
        groups = []
        for digits in match.groups():
            number = int(f"0{digits.lower().replace('x', '')}", 16)
            groups.append(f"{number & 0xFFFFFFFF:08x}")
        keys.append("-".join(groups))
    return ",".join(keys)


def _read_ipv6_address(text: str) -> str | None:
    """Return the address at the start of a text as the kernel prints it; it looks no further."""
    address = re.match(_ADDRESS, text, re.IGNORECASE | re.ASCII)
    try:
        digits = inet_pton(AF_INET6, address.group() if address else "").hex()
    except (OSError, ValueError):
        return None
    return ":".join(digits[index : index + 4] for index in range(0, 32, 4))


def _read_hex_mask(text: str) -> str | None:
    """Return a mask without commas; the groups between them have up to eight digits each."""
    digits = ""
    for group in text.lower().split(","):
        if group.strip(_DIGITS[16]) or len(group) > _LONGEST_GROUP:
            return None
        digits += group.zfill(_LONGEST_GROUP) if group else ""
    return f"{int(digits or '0', 16):x}"


def _read_actions(text: str) -> str | None:
    """Return names of actions of seccomp, sorted; the kernel looks no further than two blanks."""
    names = text.partition("  ")[0].split(" ") if text else []
    if "allow" in names or not all(map(_NAME.fullmatch, names)):
        return None
    return _sort_words(" ".join(names))


def _sort_words(text: str) -> str:
    return " ".join(sorted(set(text.split())))


def _first_word(words: tuple[str, ...], text: str) -> str | None:
    """Return the word that a text begins with, None if it is another one."""
    for word in words:
        if text.startswith(word):
            return word
    return None


def _text_of(length: int) -> Grammar:
    """Return the grammar of a key that keeps a text of so many bytes, also one like a number."""
    return Grammar(
        take=lambda text: decode(encode(text)[:length]),
        remedy=f"the kernel keeps {length} bytes of it; shorten it",
        cuts=True,
    )


def _name_of(length: int, sure_names: tuple[str, ...]) -> Grammar:
    """Return the grammar of a key that takes the name of a part of the kernel."""
    return Grammar(
        take=lambda text: text[:length] if _NAME.fullmatch(text) else None,
        remedy=f"the kernel takes one name of 1 to {length} bytes; give one",
        takes_names=True,
        sure_names=sure_names,
        cuts=True,
    )


def _bits_of_ranges(text: str) -> int:
    """Return the numbers of merged ranges as bits."""
    bits = 0
    for item in text.split(",") if text else ():
        first, _dash, last = item.partition("-")
        bits |= (2 << int(last or first)) - (1 << int(first))
    return bits


def _bits_of_mask(text: str) -> int:
    return int(text or "0", 16)


def _ranges_up_to(highest: int, are_cpus: bool) -> Grammar:
    """Return the grammar of a key that takes ranges of numbers from 0 to the highest one."""
    return Grammar(
        cpus=_bits_of_ranges if are_cpus else None,
        take=partial(_merge_ranges, highest=highest),
        remedy=f"give numbers from 0 to {highest} and ranges of them, such as 1,3-5",
    )


_RANGES = {
    key: _ranges_up_to(highest, are_cpus=key.endswith("cpumask"))
    for key, highest in RANGE_LISTS.items()
}
_SECRETS = {
    "tcp_fastopen_key": Grammar(
        take=_read_fastopen_keys,
        remedy="give four groups of up to eight hexadecimal digits, with dashes between them, "
        "or two such keys with a comma between them",
        cuts=True,
    ),
    "stable_secret": Grammar(
        take=_read_ipv6_address,
        remedy="give an IPv6 address such as 2001:db8::1",
        cuts=True,
    ),
}


def _refuse(_text: str) -> None:
    """Take no text at all."""


_NOTHING = Grammar(
    take=_refuse,
    remedy="it takes no value at all; set the key of default or of an interface",
)
_MASK = Grammar(
    take=_read_hex_mask,
    remedy="give a mask of hexadecimal digits, without 0x",
    cpus=_bits_of_mask,
)
_WORDS = Grammar(
    take=_sort_words,
    remedy="give words with blanks between them",
    takes_names=True,
    takes_many=True,
    sure_names=("reno",),
)
_ACTIONS = Grammar(
    take=_read_actions,
    remedy="give words of kernel.seccomp.actions_avail except allow, with a blank between them",
    takes_names=True,
    takes_many=True,
    sure_names=(
        *("kill_process", "kill_thread", "trap", "errno"),
        *("user_notif", "trace", "log"),
    ),
)
_LOGGERS = Grammar(
    take=lambda text: text[:63] or None,
    remedy="give NONE, or the name of a logger of /proc/net/netfilter/nf_log",
    takes_names=True,
    sure_names=("NONE",),
)
"""Of nf_log_proc_dostring, net/netfilter/nf_log.c, which compares the start of the text only."""
_COOKIES = Grammar(
    take=partial(_first_word, ("none", "md5", "sha1", "sha256")),
    remedy="give one of these words: none, md5, sha1, sha256",
    takes_names=True,
    sure_names=("none",),
)
"""Of proc_sctp_do_hmac_alg, net/sctp/sysctl.c, which compares the start of the text only."""
_DUMPS = Grammar(
    take=lambda text: text,
    remedy="give 0, 1 or 2",
    takes_names=True,
    sure_names=("0", "1", "2"),
)
"""Of trace_ops in kernel/trace/trace.c: a number, and a text since Linux 6.10."""
_ZONES = Grammar(
    take=lambda text: "Node" if text.startswith(("D", "N", "d", "n")) else None,
    remedy="give Node, the only order that kernels have",
)
_DEVKMSG = Grammar(
    take={"off": "off", "on": "on", "ratelimit": "ratelimit"}.get,
    remedy="give one of these words, in YAML with quotes: off, on, ratelimit",
)
_GRAMMARS = {
    "fs.binfmt_misc.status": Grammar(
        take={"0": "disabled", "1": "enabled"}.get,
        remedy="give 1 or 0",
    ),
    "kernel.core_pattern": _text_of(127),
    "kernel.domainname": _text_of(64),
    "kernel.ftrace_dump_on_oops": _DUMPS,
    "kernel.hostname": _text_of(64),
    "kernel.hotplug": _text_of(255),
    "kernel.modprobe": _text_of(255),
    "kernel.poweroff_cmd": _text_of(255),
    "kernel.printk_devkmsg": _DEVKMSG,
    "kernel.seccomp.actions_logged": _ACTIONS,
    "net.core.default_qdisc": _name_of(15, ("bfifo", "pfifo", "pfifo_fast")),
    **dict.fromkeys(CPU_MASKS, _MASK),
    "net.ipv4.tcp_allowed_congestion_control": _WORDS,
    "net.ipv4.tcp_congestion_control": _name_of(15, ("reno",)),
    "net.mptcp.path_manager": _name_of(15, ("kernel", "userspace")),
    "net.mptcp.scheduler": _name_of(15, ("default",)),
    "net.sctp.cookie_hmac_alg": _COOKIES,
    "vm.numa_zonelist_order": _ZONES,
}
