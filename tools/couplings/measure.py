# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes kernel settings one at a time, and prints what else changes: a line of JSON for each.

usage: python3 -m couplings.measure namespaces|kernel [KEY...]

``namespaces`` measures the keys of network, IPC and UTS namespaces, each in fresh ones, and changes
nothing outside. ``kernel`` measures the others, and runs in a virtual machine of the lab only.

For each key:

1. It is written with several values, and put back after each.
2. Where another key changed, three more experiments tell when it does. The other key gets its new
   value by hand, then the key is written with the value that it has. The other key is written with
   the value that it has, then the key with a new one. And the key is written first, then the other.
3. Where the way back to the old value changed another key, that way is measured by itself.

Keys that the kernel may set to its own value again have another one meanwhile: ``STATES`` here and
in namespaces.py.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from functools import lru_cache, partial
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple

from . import namespaces
from .dangerous import WRITTEN_LAST, is_counter, why_not_written
from .proc_sys import (
    ADDRESSES_AND_ROUTES,
    Watch,
    all_keys,
    differences,
    is_readable,
    is_writable,
    read_or_error,
    write,
)
from .trial_values import CONDITIONS, trial_values

Changes = Dict[str, List[str]]
"""Key -> its value before, and now."""
Observation = Dict[str, Any]
"""What one write did.

key, wrote, was, read: the key, and its value written, before, and afterwards
prepared: what was written before that: key -> value
error: why the kernel refused the write, such as EINVAL, or ""
changed: what else changed: key -> [before, after]
stays: what is not as before once the old value is written again: key -> [before, after]
lost: what is still not as before once all that stays is written, too: key -> [before, after]
"""


class Experiment(NamedTuple):
    """Write a key with several values, after others have been prepared."""

    key: str
    values: list[str] | None
    """None: the usual ones for its present value."""
    prepared: dict[str, str]


class Scope(NamedTuple):
    """Where keys are written."""

    list_keys: Callable[[], list[str]]
    run_many: Callable[[list[Experiment]], list[list[Observation]]]
    processes: int
    """How many groups of keys are measured at the same time."""


class Measurement:
    """Writes one key after another, and compares all others."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.unstable = set(differences(watch.values(), watch.values()))
        self.before: dict[str, str] = {}

    def run(self, experiment: Experiment) -> list[Observation]:
        """Return what the writes of an experiment did; put everything back."""
        before = self.watch.values()
        self.before = before
        observations = list(self._observe(experiment))
        self.before = before
        self._put_back()
        return observations

    def _observe(self, experiment: Experiment) -> Iterator[Observation]:
        """Write the values, one after the other; stop after one that cannot be taken back."""
        for key, value in experiment.prepared.items():
            write(key, value)
        if experiment.prepared:
            self.before = self.watch.values()
        key = experiment.key
        was = read_or_error(key) if is_readable(key) else "(write-only)"
        values = trial_values(key, was) if experiment.values is None else experiment.values
        for value in values:
            observation = self._write(key, was, value)
            observation["prepared"] = experiment.prepared
            yield observation
            if observation["stays"]:
                return

    def _write(self, key: str, was: str, value: str) -> Observation:
        error = write(key, value)
        read = read_or_error(key)
        changed = self._changes()
        changed.pop(key, None)
        stays: Changes = {}
        lost: Changes = {}
        if changed or read != was:
            write(key, was)
            stays = self._changes()
            if is_counter(key):
                stays.pop(key, None)
        if stays:
            lost = self._put_back()
        return {
            "key": key,
            "was": was,
            "wrote": value,
            "error": error,
            "read": read,
            "changed": changed,
            "stays": stays,
            "lost": lost,
        }

    def _changes(self) -> Changes:
        """Return what is no longer as before, and is so at a second look too."""
        changes = differences(self.before, self.watch.values())
        if not changes:
            return changes
        again = differences(self.before, self.watch.values())
        return {
            key: pair
            for key, pair in changes.items()
            if again.get(key) == pair and key not in self.unstable
        }

    def _put_back(self) -> Changes:
        """Write back what has changed, twice since keys may act on each other; return the rest."""
        for _attempt in range(2):
            for key, (value, _now) in self._changes().items():
                if (
                    key not in ADDRESSES_AND_ROUTES.values()
                    and not value.startswith("(")
                    and is_writable(key)
                ):
                    write(key, value)
        return self._changes()


# --- namespaces ---


def in_fresh_namespaces(
    function: Callable[[], Any], enter: Callable[[], None] = namespaces.enter
) -> Any:
    """Return what a function returns in a child process that is in fresh namespaces.

    enter: moves the process there; it may leave out the devices.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            enter()
            with open(write_end, "w", encoding="utf-8") as pipe:
                json.dump(function(), pipe)
            status = 0
        finally:
            os._exit(status)
    os.close(write_end)
    with open(read_end, encoding="utf-8") as pipe:
        text = pipe.read()
    _pid, status = os.waitpid(child, 0)
    if status != 0:
        raise RuntimeError("the process in the fresh namespaces failed")
    return json.loads(text)


def keys_of_these_namespaces() -> list[str]:
    """Return all keys that the namespaces of this process have."""
    keys = []
    for name in namespaces.OF_NAMESPACES:
        path = os.path.join(namespaces.ROOT, name)
        if os.path.isdir(path):
            keys += all_keys(name)
        elif os.path.exists(path):
            keys.append(name.replace("/", "."))
    return keys


def keys_of_namespaces() -> list[str]:
    """Return the keys that can be written in fresh namespaces."""

    def writable_keys() -> list[str]:
        keys = keys_of_these_namespaces()
        return sorted(key for key in keys if is_writable(key) and not _is_watched_only(key))

    return list(in_fresh_namespaces(writable_keys))


def _is_watched_only(key: str) -> bool:
    """Tell whether a key is not written in fresh namespaces, but in others that are like them.

    It is that of a device which is like another one, or needs the first network namespace.
    """
    if key in OF_FIRST_NAMESPACE and is_virtual_machine():
        return True
    device = namespaces.device_of(key)
    is_written = device in ("", namespaces.WRITTEN) or key.startswith(namespaces.ALSO_WRITTEN)
    return not is_written


def _run_here(experiment: Experiment) -> list[Observation]:
    return _measurement_for(experiment.key).run(experiment)


def _measurement_for(key: str) -> Measurement:
    if is_virtual_machine():  # an emulated machine is slow
        return Measurement(Watch(_keys_to_watch(key)))
    return Measurement(Watch(all_keys()))


def run_in_namespaces(experiment: Experiment) -> list[Observation]:
    """Run an experiment in fresh namespaces, in others after each value that cannot go back."""
    observations: list[Observation] = []
    values = experiment.values
    while values is None or values:
        new = in_fresh_namespaces(partial(_run_here, experiment._replace(values=values)))
        if not new:
            break
        observations += new
        if values is None:
            values = trial_values(experiment.key, new[0]["was"])
        values = values[len(new) :]
    return observations


def run_many_in_namespaces(experiments: list[Experiment]) -> list[list[Observation]]:
    """Run experiments that share namespaces until one leaves more behind than it should.

    That one is run once more, in fresh namespaces.
    """
    observed: list[list[Observation]] = []
    while len(observed) < len(experiments):
        pending = experiments[len(observed) :]
        if is_by_itself(pending[0]):
            observed.append(run_in_namespaces(pending[0]))
            continue
        for observations in in_fresh_namespaces(partial(_run_until_spoiled, pending)):
            if any(_is_spoiled_by(observation) for observation in observations):
                observed.append(run_in_namespaces(experiments[len(observed)]))
            else:
                observed.append(observations)
    return observed


def _run_until_spoiled(experiments: list[Experiment]) -> list[list[Observation]]:
    measurement = _measurement_for(experiments[0].key)
    observed = []
    for experiment in experiments:
        if is_by_itself(experiment):
            break
        observations = measurement.run(experiment)
        observed.append(observations)
        if any(_is_spoiled_by(observation) for observation in observations):
            break
    return observed


def is_by_itself(experiment: Experiment) -> bool:
    """Tell whether an experiment needs namespaces of its own.

    One with the default of a setting and the same setting of a device leaves others alone.
    """
    return bool(experiment.prepared) and not _is_of_one_default(experiment.key, experiment.prepared)


def _is_spoiled_by(observation: Observation) -> bool:
    """Tell whether namespaces are no longer as fresh as others need them, after a write."""
    if observation["stays"]:
        return True
    changed = observation["changed"]
    return bool(changed) and not _is_of_one_default(observation["key"], changed)


def _is_of_one_default(key: str, others: Iterable[str]) -> bool:
    """Tell whether keys are the default of one setting, and that setting of devices."""
    keys = [key, *others]
    settings = {name.rpartition(".")[2] for name in keys}
    return len(settings) == 1 and any(".default." in name for name in keys)


# --- a whole kernel ---

OF_FIRST_NAMESPACE = ("net.ipv4.tcp_congestion_control",)
"""Keys of namespaces that change others in the first network namespace only."""
STATES = {"net.ipv4.tcp_allowed_congestion_control": "reno"}
"""Key -> another value than the kernel's own, which it has while others are written."""


def is_virtual_machine() -> bool:
    """Tell whether this is a virtual machine of the lab, which may be spoiled."""
    try:
        with open("/sys/class/dmi/id/sys_vendor", encoding="ascii") as file:
            vendor = file.read().strip()
    except OSError:
        return False
    return vendor == "QEMU" and os.uname().nodename.startswith("debian")


def keys_of_kernel() -> list[str]:
    """Return the keys that no namespace has, those that stay until a reboot last."""
    excluded = {*keys_of_namespaces(), *WRITTEN_LAST}
    first = []
    for key in all_keys():
        if key not in excluded and not namespaces.device_of(key) and is_writable(key):
            first.append(key)
    last = [key for key in WRITTEN_LAST if os.path.exists("/proc/sys/" + key.replace(".", "/"))]
    return [*first, *last]


@lru_cache(maxsize=4)
def _measurement_of_kernel(family: str) -> Measurement:
    return Measurement(Watch(_keys_to_watch(family)))


def _keys_to_watch(key: str) -> list[str]:
    """Return the keys of the same family, such as net.ipv4: they do not act on other families.

    Of the network devices only those that are added for the measurement are of interest.
    """
    folder = family_of(key)
    keys = []
    for other in all_keys(folder.replace(".", "/")):
        is_of_interest = namespaces.device_of(other) in ("", *namespaces.NAMES)
        if family_of(other) == folder and is_of_interest:
            keys.append(other)
    return keys


def family_of(key: str) -> str:
    """Return net.ipv4 or net.ipv6, net for other keys of the network, "" for all others."""
    for family in ("net.ipv4", "net.ipv6", "net"):
        if f"{key}.".startswith(f"{family}."):
            return family
    return ""


def _run_with_new_devices(experiment: Experiment) -> list[Observation]:
    """Run an experiment on devices whose keys nobody has written, and so take those of default."""
    namespaces.add_devices()
    watch = Watch(_keys_to_watch(experiment.key))
    observations = Measurement(watch).run(experiment)
    watch.close()
    return observations


def run_in_kernel(experiment: Experiment) -> list[Observation]:
    """Run an experiment here, and write everything that it changed back.

    An emulated machine is slow, so only the keys of the same family are watched.
    """
    measurement = _measurement_of_kernel(family_of(experiment.key))
    observations: list[Observation] = []
    values = experiment.values
    while values is None or values:
        part = experiment._replace(values=values)
        if ".default." in experiment.key:
            new = _run_with_new_devices(part)
        else:
            new = measurement.run(part)
        if not new:
            break
        observations += new
        if values is None:
            values = trial_values(experiment.key, new[0]["was"])
        values = values[len(new) :]
        if experiment.key in WRITTEN_LAST and new[-1]["stays"]:
            break
    return observations


def run_many_in_kernel(experiments: list[Experiment]) -> list[list[Observation]]:
    """Run one experiment after the other."""
    return [run_in_kernel(experiment) for experiment in experiments]


# --- all experiments ---


GROUP = 25
"""So many keys are measured one after the other."""

SCOPES = {
    "namespaces": Scope(keys_of_namespaces, run_many_in_namespaces, processes=4),
    "kernel": Scope(keys_of_kernel, run_many_in_kernel, processes=1),
}


def measure(name: str, keys: Iterable[str] = ()) -> Iterator[list[Observation]]:
    """Yield what the writes of each of these keys did, by default of all keys of a scope."""
    scope = SCOPES[name]
    wanted = set(keys)
    written = []
    for key in scope.list_keys():
        if not why_not_written(key) and (not wanted or key in wanted):
            written.append(key)
    tasks = [(name, group) for group in groups_of(written)]
    with multiprocessing.get_context("fork").Pool(scope.processes) as pool:
        for observed in pool.imap(_measure_group, tasks):
            yield from observed


def in_order(by_key: Iterable[list[Observation]]) -> list[Observation]:
    """Return the observations of all keys, in the order of the keys."""
    observations = []
    for of_key in sorted(by_key, key=lambda of_key: str(of_key[0]["key"]) if of_key else ""):
        observations += of_key
    return observations


def groups_of(keys: Iterable[str]) -> list[list[str]]:
    """Return keys in groups of a kind, which are measured together: preparing costs the most."""
    groups: dict[str, list[str]] = {}
    done = []
    for key in keys:
        kind = "last" if key in WRITTEN_LAST else family_of(key)
        if ".default." in key:
            kind = key.rpartition(".")[0]
        group = groups.setdefault(kind, [])
        group.append(key)
        if len(group) == GROUP:
            done.append(groups.pop(kind))
    return [*done, *groups.values()]


def _measure_group(task: tuple[str, list[str]]) -> list[list[Observation]]:
    """Measure keys: first what they change, then when."""
    name, keys = task
    run_many = SCOPES[name].run_many
    observed = run_many([Experiment(key, None, {}) for key in keys])
    further = [further_experiments(observations) for observations in observed]
    for number in range(max(len(experiments) for experiments in further)):
        indexes = [index for index, experiments in enumerate(further) if number < len(experiments)]
        new = run_many([further[index][number] for index in indexes])
        for index, observations in zip(indexes, new):
            observed[index] += observations
    return observed


def further_experiments(observations: list[Observation]) -> list[Experiment]:
    """Return the experiments that tell when other keys change."""
    experiments = []
    seen = set()
    for observation in observations:
        key = observation["key"]
        was = observation["was"]
        for target, (old, new) in observation["changed"].items():
            kind = kind_of(target)
            if (
                kind in seen
                or target in ADDRESSES_AND_ROUTES.values()
                or was == observation["wrote"]
            ):
                continue
            if "(none)" in (old, new):
                continue
            seen.add(kind)
            experiments.append(Experiment(key, [was], {target: new}))
            experiments.append(Experiment(key, [observation["wrote"]], {target: old}))
            experiments.append(Experiment(target, [new, old], {key: observation["wrote"]}))
    experiments += _ways_back(observations)
    for condition in CONDITIONS:
        if observations and condition.key == observations[0]["key"]:
            values = list(condition.values)
            experiments.append(Experiment(condition.key, values, dict(condition.prepared)))
    return experiments


def _ways_back(observations: list[Observation]) -> list[Experiment]:
    """Return the experiment that tells what the way back to the old value of a key changes.

    There is none if it changes only what the new value had changed.
    """
    for observation in observations:
        key = observation["key"]
        was = observation["was"]
        left_out = {key, *observation["changed"], *ADDRESSES_AND_ROUTES.values()}
        if not left_out.issuperset(observation["stays"]):
            return [Experiment(key, [was], {key: observation["wrote"]})]
    return []


def kind_of(key: str) -> str:
    """Return a key with the same placeholder for each interface that is no different here."""
    device = namespaces.device_of(key)
    if device and device not in namespaces.ADDRESSED:
        return key.replace(f".{device}.", ".<interface>.")
    return key


def load_modules() -> None:
    """Load every network module that this kernel has."""
    folder = f"/lib/modules/{os.uname().release}/kernel/net"
    names = []
    for _parent, _folders, files in os.walk(folder):
        names += [name.partition(".ko")[0] for name in files]
    command = ["modprobe", "--quiet", "--all", *sorted(names)]
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL)


def stop_device_manager() -> None:
    """Stop udev, which would run systemd-sysctl for each device that is added."""
    units = ["systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd.service"]
    subprocess.run(["systemctl", "stop", *units], check=True)


TUNNELS = "net.core.fb_tunnels_only_for_init_net"


def main() -> None:
    name, *keys = sys.argv[1:]
    if is_virtual_machine():
        load_modules()
        stop_device_manager()
        namespaces.add_devices()
        # Fresh namespaces without devices of each kind of tunnel are made in half of the time.
        write(TUNNELS, "1" if name == "namespaces" else "0")
        if name == "kernel":
            for key, value in STATES.items():
                write(key, value)
    elif name == "kernel":
        sys.exit("keys of a whole kernel are written in a virtual machine of the lab only")
    for observations in measure(name, keys):
        print(json.dumps(observations), flush=True)


if __name__ == "__main__":
    main()
