# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot value worked out by the collection against both real loaders, on generated trees: fixed seeds, and one fresh seed each run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sandbox.distributions import Distribution, distributions
from sandbox.oracle import Oracle
from sandbox.predict import predict
from sandbox.trees import INTERFACES, KEYS, tree

SEEDS = range(200)
DISTRIBUTIONS = list(distributions())


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle(INTERFACES) as made:
        yield made


@pytest.fixture(scope="module")
def default(oracle: Oracle) -> dict[str, str]:
    """Boot with no files."""
    values = oracle.values({}, "systemd", KEYS)
    assert set(values) == set(KEYS)
    return values


def check(oracle: Oracle, default: dict[str, str], seed: int, loader: str) -> None:
    files = tree(seed, loader)
    told = "\n".join(f"{path}: {content!r}" for path, content in sorted(files.items()))
    assert {**default, **predict(files, loader, KEYS)} == oracle.values(files, loader, KEYS), (
        f"seed {seed}, {loader}\n{told}"
    )


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("seed", SEEDS)
def test_fixed_seeds(oracle: Oracle, default: dict[str, str], seed: int, loader: str) -> None:
    check(oracle, default, seed, loader)


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_a_fresh_seed(oracle: Oracle, default: dict[str, str], loader: str) -> None:
    """The head of the run shows the seed; NETOPS_FRESH_SEED takes it again."""
    for step in range(10):
        check(oracle, default, int(os.environ["NETOPS_FRESH_SEED"]) + step, loader)


@pytest.mark.parametrize("host", DISTRIBUTIONS, ids=[host.name for host in DISTRIBUTIONS])
def test_distributions(host: Distribution) -> None:
    """What their data files expect is what the loader does, as far as a network namespace can show it."""
    keys = [key for key, line in host.expect.items() if key.startswith("net.") and line]
    tree = {path: content for path, content in host.tree.items() if "/sysctl" in path}
    with Oracle(["eth0", "eth0.100", "eth1"]) as oracle:
        booted = oracle.values(tree, host.loader, keys)
        untouched = oracle.values({}, host.loader, keys)
    assert booted == {key: host.expect[key]["value"] or untouched[key] for key in keys}
