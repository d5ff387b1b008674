# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection expects the boot values that the real loaders set, on generated trees.

Trees of fixed seeds, of a fresh seed in each run, and of real distributions.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sandbox.distributions import Distribution, distributions
from sandbox.oracle import Oracle
from sandbox.predict import predict
from sandbox.trees import INTERFACES, KEYS, tree

SEEDS = range(200)
SPELLINGS = (
    "net/ipv4/conf/br0/rp_filter",
    "net//ipv4/conf/br0/rp_filter",
    "net/ipv4/./conf/br0/rp_filter",
    "/net/ipv4/conf/br0/rp_filter",
    "net/ipv4/conf/br0/rp_filter/",
    "net.ipv4.conf.br0.rp_filter.",
    "net..ipv4.conf.br0.rp_filter",
    ".net.ipv4.conf.br0.rp_filter",
    "net.ipv4.conf.br0.rp_filter/",
)
SCRIPTS = ("alpine-busybox", "alpine-procps", "void-busybox", "void-procps")
SEEDS_OF_SCRIPTS = (*range(60), 88, 322, 425, 3853917504)
"""The last ones have links to folders, which mask files for Void's script."""
DISTRIBUTIONS = list(distributions())


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle(INTERFACES) as opened:
        yield opened


@pytest.fixture(scope="module")
def default(oracle: Oracle) -> dict[str, str]:
    """Return the values after a boot without files."""
    values = oracle.values({}, "systemd", KEYS)
    assert set(values) == set(KEYS)
    return values


def check(oracle: Oracle, default: dict[str, str], seed: int, loader: str) -> None:
    files = tree(seed, loader)
    expected = predict(files, loader, default)
    lines = [f"seed {seed}, {loader}"]
    for path, content in sorted(files.items()):
        lines.append(f"{path}: {content!r}")
    assert expected == oracle.values(files, loader, KEYS), "\n".join(lines)


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_seeds(oracle: Oracle, default: dict[str, str], seed: int, loader: str) -> None:
    check(oracle, default, seed, loader)


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings(oracle: Oracle, default: dict[str, str], name: str, loader: str) -> None:
    """Only a key that is spelled as a glob gives it keeps the glob off in procps."""
    line = f"{name} = 1\n"
    glob = "net/ipv4/conf/*/rp_filter = 2\n"
    wide_glob = f"{name.replace('br0', '*')} = 2\n"
    plain = "net.ipv4.conf.br0.rp_filter = 1\n"
    for text in (line, line + glob, glob + line, line + wide_glob, plain + wide_glob, plain + line):
        files = {"/etc/sysctl.d/10-a.conf": text}
        assert predict(files, loader, default) == oracle.values(files, loader, KEYS), text


@pytest.mark.parametrize("loader", SCRIPTS)
@pytest.mark.parametrize("seed", SEEDS_OF_SCRIPTS)
def test_init_scripts(oracle: Oracle, default: dict[str, str], seed: int, loader: str) -> None:
    check(oracle, default, seed, loader)


@pytest.mark.parametrize("loader", ["systemd", "procps", *SCRIPTS])
def test_a_fresh_seed(oracle: Oracle, default: dict[str, str], loader: str) -> None:
    """The header of the run shows the seed; set NETOPS_FRESH_SEED to it to try it again."""
    first = int(os.environ["NETOPS_FRESH_SEED"])
    for seed in range(first, first + 10):
        check(oracle, default, seed, loader)


@pytest.mark.parametrize("host", DISTRIBUTIONS, ids=[host.name for host in DISTRIBUTIONS])
def test_distributions(host: Distribution) -> None:
    """The loader does what their data files expect, for the keys of a network namespace."""
    keys = [key for key, line in host.expect.items() if key.startswith("net.") and line]
    files = {path: content for path, content in host.tree.items() if "/sysctl" in path}
    with Oracle(["eth0", "eth0.100", "eth1"]) as oracle:
        booted = oracle.values(files, host.loader, keys)
        without_files = oracle.values({}, host.loader, keys)
    expected = {}
    for key in keys:
        expected[key] = host.expect[key]["value"] or without_files[key]
    assert booted == expected
