# SPDX-License-Identifier: GPL-3.0-or-later

"""What the next boot makes of a key that others act on: all writes of the loader, in its order.

1. A write of any name of a variable sets it.
2. A write of a key that acts on others sets them too, see ``couplings.py``.
3. The kernel starts with START_VALUES; systemd does not write a value that is there already.
4. Where an effect cannot be computed, the line that has it makes the key unclear.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Collection, Iterable, Mapping, NamedTuple

from ..._lazy_module import LazyModule
from ..files.boot_files import USUAL_HOST, HostTraits
from ..files.loaders import Loader
from ..files.sysctl_d import Line
from ..globs import keys_written_by
from ..kernel.couplings import (
    CHANGED,
    INHERITED,
    OF_NO_INTERFACE,
    RANDOM,
    START_VALUES,
    WRITTEN,
    Influence,
    effect_of,
    has_effect,
    influences_on,
    names_of,
    needs_secret,
    variable_of,
)
from ..kernel.values import is_plain_number, numbers_in, value_in_text, values_equal
from ..keys import key_to_path, may_be_one_way, may_be_rounded, may_have_grammar
from .decision import Decision, refused_decision

if TYPE_CHECKING:
    from ..kernel import kernel_text, one_way
    from .precedence import Precedence
    from .watchdogs import WatchdogBoot
else:
    kernel_text = LazyModule(__name__, "..kernel.kernel_text")
    one_way = LazyModule(__name__, "..kernel.one_way")

_ONE_NUMBER = "0"
"""The keys of couplings.py hold one number, are masks of two, or have a grammar of their own."""
_MASK = "0 0"
_SWITCH = ("0", "1")
"""Most keys of couplings.py take these as they are, unless they stay as they are until a reboot."""
_TAKES_NO_SWITCH = (
    ".hop_limit",
    ".interval_probe_time_ms",
    ".max_rcu_stall_to_panic",
    ".mtu",
    ".nr_hugepages",
    ".nr_hugepages_mempolicy",
    ".ra_defrtr_metric",
    "_bytes",
)
"""How the others end that hold a number."""
_SMALLEST = {"vm.dirty_bytes": 8192, "vm.dirty_background_bytes": 1}
"""Key that reads 0 while it is not used -> the smallest number that it takes, or less on machines
with larger pages (dirty_bytes_handler and vm_dirty_bytes, mm/page-writeback.c)."""
_NONE: Mapping[str, str] = {}


class Start(NamedTuple):
    """What there is before a loader runs."""

    values: Mapping[str, str] = START_VALUES
    """Variable -> its value, as far as it is known."""
    is_here: bool = True
    """Whether the kernel is that of this machine."""
    is_running: bool = False
    """Whether interfaces may have values of their own, and so inherit none."""
    traits: HostTraits = USUAL_HOST
    is_own_run: bool = False
    """Whether a run of ours writes: it compares values, where a loader compares texts."""
    taken: Mapping[str, str | None] = _NONE
    """Key -> a value that it is known to take as it is."""


class LastEffect(NamedTuple):
    """How the writes of a loader end for one key."""

    line: Line | None
    """The line with the last effect whose value is known, None if there is none."""
    unclear: Line | None
    """A line after it that changes the key to a value that is not known."""
    refused: tuple[tuple[Line, str], ...] = ()
    """The lines that the kernel refuses because of earlier ones, each with the reason."""


@lru_cache(maxsize=1024)
def names_that_matter(key: str, missing_keys: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the keys whose writing sets or changes a key, its own names first.

    missing_keys: how those start that the host does not have.
    """
    names = names_of(key)
    for influence in influences_on(key):
        names.extend(names_of(influence.key))
    return tuple(name for name in names if not name.startswith(missing_keys))


def coupled_decision(key: str, precedence: Precedence) -> Decision:
    """Return how the lines of a loader decide a key on which others may act."""
    names = names_that_matter(key, precedence.traits.missing_keys)
    assignments = precedence.lines.assignments
    excluded = precedence.lines.excluded
    named_keys = precedence.lines.named
    lines = precedence.lines.written_to(names)
    start_values = _values_before(names, precedence)
    if start_values is None:
        start_values = START_VALUES
    start = Start(
        values=start_values,
        is_here=precedence.is_of_this_kernel(),
        traits=precedence.traits,
        taken=precedence.live,
    )
    line, unclear, refused = last_effect(key, lines, named_keys, precedence.loader, start)
    if line is not None or key not in assignments:
        decision = Decision(line or excluded.get(key), refusals=refused)
    elif refused:
        decision = refused_decision(assignments[key], refused)
    else:
        decision = precedence.last_taken(key)
    is_reset_later = line is not None and bool(line.value) and _is_reset_later(key)
    return decision._replace(unclear=unclear, is_reset_later=is_reset_later)


def _values_before(names: Iterable[str], precedence: Precedence) -> Mapping[str, str] | None:
    """Return variable -> its value before the lines are written, as far as it is known."""
    if precedence.earlier is None:
        return precedence.start_values
    values = dict(START_VALUES)
    for name in names:
        decision = precedence.earlier.decision(name)
        line = decision.winner
        if decision.unclear:
            values.pop(variable_of(name), None)
        elif line and line.value:
            values[variable_of(name)] = line.value
    return values


def last_effect(
    key: str,
    lines: Iterable[Line],
    named_keys: Collection[str],
    loader: Loader,
    start: Start,
) -> LastEffect:
    """Return what has the last effect on a key.

    lines: what the loader writes to ``names_that_matter``, in its order.
    named_keys: the keys that globs are kept off, since lines name them.
    """
    boot: WatchdogBoot | _Boot
    if key.endswith("watchdog"):
        boot = _watchdogs(key, start)
    else:
        boot = _Boot(key, loader, start)
    for line in lines:
        for name in keys_written_by(line.key, boot.names, named_keys, line.spelling):
            boot.write(name, line)
    return LastEffect(boot.winner, boot.unclear, tuple(boot.refused))


def _watchdogs(key: str, start: Start) -> WatchdogBoot:
    from .watchdogs import NMI, WatchdogBoot

    return WatchdogBoot(key, start.values, has_interrupt=start.taken.get(NMI) == "1")


class _Boot:
    """The variables that bear on one key, while the loader writes."""

    def __init__(self, key: str, loader: Loader, start: Start) -> None:
        self.names = names_that_matter(key, start.traits.missing_keys)
        self.winner: Line | None = None
        self.unclear: Line | None = None
        self.refused: list[tuple[Line, str]] = []
        self._variable = variable_of(key)
        self._loader = loader
        self._is_here = start.is_here
        self._is_own_run = start.is_own_run
        self._traits = start.traits
        self._taken = start.taken
        # The loopback interface has an address before the loader runs.
        self._is_written = start.is_running or is_loopback(key)
        influences = influences_on(key)
        self._other_units = {item.key for item in influences if item.when == WRITTEN}
        """Keys of the same variable in another unit: writing one of them writes all."""
        self._may_be_unwritten = False
        """Whether the loader may have skipped the line, since the key may have the value."""
        self._values: dict[str, str] = {}
        self._influences: dict[str, tuple[Influence, ...]] = {}
        """Variable -> the keys whose writing changes it."""
        for name in self.names:
            variable = variable_of(name)
            self._influences[variable] = influences_on(variable)
            if variable in start.values:
                self._values[variable] = start.values[variable]

    def write(self, name: str, line: Line) -> None:
        """Write the value of a line to a name, and follow what the kernel does then."""
        variable = variable_of(name)
        before = self._values.get(variable)
        value = self._taken_value(name, line)
        if value is None:
            # The kernel refuses it, but has noted by then that the key of the interface is written.
            self._is_written |= self._is_of_variable(variable)
            return
        is_known = self._is_known(name, line)
        if variable == self._variable:
            self._set_winner(line, value if is_known else line.value or "")
            self.unclear = None if is_known else line
        if self._is_skipped(variable, before, line):
            return
        if is_known:
            self._values[variable] = value
        else:
            self._values.pop(variable, None)
        if self._is_of_variable(variable):
            self._note_write(before)
        is_changed = not values_equal(variable, before, value)
        for target, influences in self._influences.items():
            for influence in influences:
                if variable_of(influence.key) == variable:
                    self._follow(influence, target, line, is_changed)

    def _is_of_variable(self, variable: str) -> bool:
        """Tell whether a key is the one looked at, perhaps in another unit."""
        return variable == self._variable or variable in self._other_units

    def _note_write(self, before: str | None) -> None:
        """Note that the key is written, and so inherits nothing any more.

        What an interface has before is not known. A loader that skips a value which is there may
        leave it unwritten; udev has the line applied again once it has inherited another value.
        """
        may_be_skipped = self._loader.skips_equal_values and not self._is_own_run
        self._may_be_unwritten = before is None and may_be_skipped and not self._traits.has_udev
        self._is_written = not self._may_be_unwritten

    def _is_skipped(self, variable: str, before: str | None, line: Line) -> bool:
        """Tell whether a line is not written, since its value is there already."""
        if self._is_own_run:
            return values_equal(variable, before, line.value)
        return self._loader.skips_equal_values and before == line.value

    def _taken_value(self, name: str, line: Line) -> str | None:
        """Return what a name takes from a line, None if the kernel refuses it."""
        if not self._traits.can_write(self._loader, name):
            return None
        text = line.value or ""
        value: str | None = text
        if not self._is_kept(name, text):
            value = value_in_text(name, text, _other_value(name, text))
        if value is None:
            return None
        variable = variable_of(name)
        before = self._values.get(variable)
        if before is not None and may_be_one_way(variable):
            value = one_way.with_kept_flags(variable, before, value)
        reason = self._why_refused(variable, before, value)
        if reason and variable == self._variable:
            self.refused.append((line, reason))
        return None if reason else value

    def _why_refused(self, variable: str, before: str | None, value: str) -> str:
        """Return why the kernel refuses a value, as its keys are now, "" if it does not."""
        if values_equal(variable, before, value):
            return ""
        if needs_secret(variable, value) and not self._secrets():
            return "it takes a 2 only after a stable_secret of the interface or of default"
        smallest = _SMALLEST.get(variable)
        if smallest is not None and value.isdigit() and int(value) < smallest:
            return f"the kernel takes no less than {smallest}"
        is_one_way = may_be_one_way(variable)
        return one_way.why_refused(variable, before, value) if is_one_way else ""

    def _secrets(self) -> list[str]:
        """Return the secrets of addresses that were set, "" for one that may be random."""
        return [value for name, value in self._values.items() if name.endswith(".stable_secret")]

    def _is_known(self, name: str, line: Line) -> bool:
        """Tell whether it is known what the kernel makes of the value of a line."""
        if line.may_lead_nowhere:
            return False
        if needs_secret(name, line.value):
            return "" not in self._secrets()
        text = line.value or ""
        if self._is_kept(name, text):
            return True  # before kernel_text.py is needed, which most runs do not compile
        live = self._taken.get(name)
        if live is None and self._is_here and not kernel_text.takes_names(name):
            live = _other_value(name, text)
        return kernel_text.is_known(name, text, live, self._traits.available_names)

    def _is_kept(self, name: str, text: str) -> bool:
        """Tell whether a name is known to take a number as it is, without looking at its range."""
        if may_be_rounded(name) or may_have_grammar(name):
            return False
        if text in _SWITCH and not name.endswith(_TAKES_NO_SWITCH):
            return True
        return text == self._taken.get(name) and is_plain_number(text)

    def _follow(self, influence: Influence, target: str, line: Line, is_changed: bool) -> None:
        """Change a variable as the kernel does when one that acts on it is written."""
        if influence.when == CHANGED and not is_changed:
            return
        if influence.when == INHERITED and self._is_written:
            return
        acting = self._values.get(variable_of(influence.key))
        if acting is not None and not has_effect(acting, influence.value):
            return
        if influence.value == RANDOM:
            if acting is not None:
                # A value that a line sets stays. One that is up and not lo gets a random one.
                self._values.setdefault(target, "")
            return
        before = self._values.get(target)
        value = None if acting is None else effect_of(acting, influence.value, before)
        if value is not None and values_equal(target, before, value):
            return
        is_in_doubt = influence.when == INHERITED and self._may_be_unwritten
        if value is None or is_in_doubt:
            self._values.pop(target, None)
        else:
            self._values[target] = value
        if target == self._variable and (value is None or is_in_doubt):
            self.unclear = line
        elif target == self._variable:
            self._set_winner(line, str(value))

    def _set_winner(self, line: Line, value: str) -> None:
        self.winner = line._replace(value=value)
        self.unclear = None


def _other_value(name: str, text: str) -> str:
    """Return a value that a text does not give a key.

    Of one that it has, the kernel need not take it.
    """
    is_mask = may_be_one_way(name) and one_way.is_mask(name)
    value = _MASK if is_mask else _ONE_NUMBER
    fields = text.split()[: len(value.split())]
    is_in_text = numbers_in(" ".join(fields)) == numbers_in(value)
    return value.replace("0", "1") if is_in_text else value


def _is_reset_later(key: str) -> bool:
    """Tell whether the kernel sets a key again when its interface comes up.

    net.ipv6.conf.INTERFACE.mtu then is the MTU of the link (addrconf_notify, net/ipv6/addrconf.c).
    """
    is_of_interface = key.startswith("net.ipv6.conf.") and not key.startswith(OF_NO_INTERFACE)
    return is_of_interface and key.endswith(".mtu") and not is_loopback(key)


def is_loopback(key: str) -> bool:
    """Tell whether a key is one of the loopback interface."""
    return "lo" in key_to_path(key).split("/")
