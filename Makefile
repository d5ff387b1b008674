# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Tools are installed into .venv/, from the lock files in requirements/. All output goes to .build/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

NEWEST := 3.13# the newest target Python; the tools and the newest ansible-core run on it too
OLDEST := 3.7# the oldest target Python
CORES := 2.16 2.17 2.18 2.19 2.20 2.21# the rows of `make matrix`
TARGETS := 3.7 3.8 3.9 3.10 3.11 3.12 3.13# its columns: target Pythons
CELLS ?= $(foreach core,$(CORES),$(TARGETS:%=$(core)x%))
CORNERS := 2.16x3.13 2.19x3.8 2.21x3.9 2.21x3.8# cells that `make integration` does not run: the last or first Python of a core, and one that it refuses
export PATH := $(shell tools/scripts/python_path.sh)
export UV_PYTHON_INSTALL_DIR := $(CURDIR)/.venv/python
# Trust the machine's certificates, such as those of a company, where it has a list of them.
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/ca-certificates.crt),true,false)
unexport PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE # with PYTHONUNBUFFERED, a target's Python reads its module byte by byte
export LC_ALL := C.UTF-8# Ansible refuses a locale that is not UTF-8
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build/installed
export ANSIBLE_HOME := $(CURDIR)/.build/ansible
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.build/hypothesis
ON_TWO := -n 2 --dist worksteal# the long tests of one file would all go to one of the two processes
VENVS := apply dev $(CORES:%=core-%) target-$(OLDEST) peers mitogen
SHIPPED := $(shell find galaxy.yml extensions/prometheus meta plugins roles playbooks docs changelogs *.md *.rst LICENSE -name __pycache__ -prune -o -print 2>/dev/null)
ON = PATH=$(CURDIR)/.venv/$(1)/bin:$$PATH
TARGET = NETOPS_TARGET_PYTHON=$$(.venv/tools/bin/uv python find --system --no-project $(1))

.PHONY: help
help: ## show this list
	@echo "The two commands:  make apply  and  make test.  All of them:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

##### for users

.PHONY: apply
apply: .venv/apply/.ready .build/installed/.ready $(if $(INVENTORY),,.build/packages-apply) ## apply TCP keepalive on the hosts of INVENTORY=file, or on a throw-away host here
ifdef INVENTORY
	$(call ON,apply) ansible-playbook --inventory '$(INVENTORY)' --diff netops.tuning.tcp_keepalive $(ARGS)
else
	@PYTHONPATH=tools .venv/apply/bin/python -m demonstration $(ARGS)
endif

N := 3
KIND := booted
RELEASE := 11,12,13
LAB := lab
.PHONY: hosts
hosts: .venv/apply/.ready .build/packages-lab $(if $(filter vm,$(KIND)),.build/packages-vm) ## run test hosts on this machine until Ctrl-C: N=3 KIND=booted (or light, vm) RELEASE=11,12,13 LAB=lab
	@PYTHONPATH=tools .venv/apply/bin/python -m lab --lab '$(LAB)' open --count $(N) --kind $(KIND) --release $(RELEASE)

##### for developers: test, and its parts

.PHONY: test lint sanity unit report-test integration corners programs monitoring faults fuzz hosts-test fleet test-vm test-boots molecule boots build-check
test: lint sanity unit report-test integration corners programs monitoring faults hosts-test fleet boots build-check ## run every test that a change must pass

lint: .venv/dev/.ready .build/src/.ready .build/installed/.ready ## run ruff, mypy and ansible-lint; check changelog, documentation and style
	$(call ON,dev) ruff check
	$(call ON,dev) ruff format --check
	$(call ON,dev) mypy
	$(call ON,dev) ansible-lint --offline
	$(call ON,dev) antsibull-changelog lint
	$(call ON,dev) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
	$(call ON,dev) python tools/check_no_machine_names.py
	$(call ON,dev) python tools/check_style.py

sanity: .venv/dev/.ready .venv/core-2.16/.ready .build/packages-lint ## run ansible-test sanity, on the newest ansible-core and on 2.16
	tools/scripts/side_by_side.sh 'tools/scripts/sanity.sh dev' 'tools/scripts/sanity.sh core-2.16'

unit: .venv/dev/.ready .venv/target-$(OLDEST)/.ready .build/src/.ready ## run the unit tests, on the newest and the oldest target Python
	tools/scripts/side_by_side.sh '.venv/dev/bin/python -m pytest tests/unit --cov --cov-report=term --cov-fail-under=95' '.venv/target-$(OLDEST)/bin/python -m pytest tests/unit'

report-test: .venv/dev/.ready .build/src/.ready .build/packages-browser ## test the report of the audit in a headless browser
	.venv/dev/bin/python -m pytest tests/browser $(ON_TWO)

SHARE := 3# one of so many integration tests runs on the oldest versions, and one of so many faults is injected; 1: all
integration: .venv/dev/.ready .venv/core-2.16/.ready .venv/target-$(OLDEST)/.ready .venv/mitogen/.ready .build/src/.ready .build/installed/.ready .build/packages-hosts .build/unpacked/.ready ## run ansible-playbook on throw-away hosts, with the newest and the oldest versions (a third of the tests; SHARE=1: all)
	$(call ON,dev) $(call TARGET,$(NEWEST)) python -m pytest tests/integration $(ON_TWO)
	$(call ON,core-2.16) $(call TARGET,$(OLDEST)) NETOPS_SHARE=$(SHARE) python -m pytest tests/integration $(ON_TWO)

corners: ## run the cells at the edges of the matrix
	@$(MAKE) matrix CELLS='$(CORNERS)'

faults: .venv/dev/.ready .build/src/.ready .build/installed/.ready .build/packages-faults ## test docs/promises.md on throw-away hosts: kill the module, fail its calls, race with it, give it hostile input
	$(call ON,dev) NETOPS_FAULTS_SHARE=$(SHARE) python -m pytest tests/faults $(ON_TWO) --whole

SEED := 3
fuzz: .venv/dev/.ready .build/src/.ready ## give the engine more hostile input: N=5000000 SEED=3
	PYTHONPATH=tools:.build/src .venv/dev/bin/python -m faults.fuzz --inputs $(if $(filter command,$(origin N)),$(N),1000000) --seed $(SEED)

programs: .venv/dev/.ready .build/src/.ready .build/installed/.ready .build/packages-programs ## test docs/sockets.md with PostgreSQL, Redis, nginx, ssh, Java and Go
	$(call ON,dev) $(call TARGET,$(NEWEST)) python -m pytest tests/programs

monitoring: .venv/dev/.ready .build/src/.ready .build/installed/.ready .build/packages-monitoring ## test docs/monitoring.md with Prometheus and node_exporter
	$(call ON,dev) $(call TARGET,$(NEWEST)) python -m pytest tests/monitoring

VM_TESTS := tests/lab/test_true_boot.py tests/lab/test_later_writers_vm.py
ISOLATED = unshare --mount --pid --net --fork --kill-child --mount-proc
hosts-test: roots .build/src/.ready .build/installed/.ready ## test the test hosts, and that they leave no trace
	$(ISOLATED) .venv/dev/bin/python -m pytest tests/lab $(VM_TESTS:%=--ignore=%)

test-vm: .venv/dev/.ready .build/src/.ready .build/installed/.ready .build/packages-lab .build/packages-vm ## test the role on an emulated Debian with a kernel of its own (takes minutes)
	@PYTHONPATH=tools .venv/dev/bin/python -m lab roots --kind vm 12 >/dev/null
	$(ISOLATED) .venv/dev/bin/python -m pytest tests/lab/test_true_boot.py -s

BOOT_TESTS := tests/lab/test_later_writers.py tests/lab/test_boot_prediction.py tests/lab/test_undone.py $(VM_TESTS)
test-boots: roots .build/src/.ready .build/installed/.ready .build/packages-vm ## compare what is said of a boot with real boots, also of virtual machines, and count (takes half an hour)
	@PYTHONPATH=tools .venv/dev/bin/python -m lab roots --kind vm 12 13 >/dev/null
	@PYTHONPATH=tools .venv/dev/bin/python -m lab roots --kind vm --variant dracut 12 >/dev/null
	$(ISOLATED) .venv/dev/bin/python -m pytest $(BOOT_TESTS)

fleet: .venv/dev/.ready .build/installed/.ready .build/packages-lab ## test rollouts, also with faults, and docs/scaling.md on N light ssh hosts: N=200 by hand
	@PYTHONPATH=tools .venv/dev/bin/python -m lab roots 12 >/dev/null
	$(call ON,dev) NETOPS_FLEET=$(if $(filter file,$(origin N)),20,$(N)) python -m pytest tests/fleet

SCENARIOS := --all
PEERS = $$(echo $(CURDIR)/.venv/peers/lib/python3.*/site-packages)# has ansible.posix, for the scenario `migrate`
molecule: export PYTHONPATH := tools
molecule: roots .venv/peers/.ready .build/installed/.ready .build/on-hosts/.ready ## run scenarios on Debian hosts that reboot: SCENARIOS='-s override' for one
	export ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/.build/installed:$(PEERS); $(call ON,dev) python -m lab --lab molecule open -- sh -c 'ANSIBLE_HOME=$$NETOPS_LAB/ansible exec molecule test $(SCENARIOS)'

boots: roots .venv/peers/.ready .build/src/.ready .build/installed/.ready .build/packages-vm # both suites mostly wait for hosts to boot, so they run at once
	@tools/scripts/side_by_side.sh '$(MAKE) molecule' '$(MAKE) test-vm'

VARIANTS := programs sysvinit openrc runit
.PHONY: roots
roots: .venv/dev/.ready .build/packages-lab # make the file systems of the test hosts: needs the network, which a lab does not have
	@PYTHONPATH=tools .venv/dev/bin/python -m lab roots >/dev/null
	@PYTHONPATH=tools tools/scripts/side_by_side.sh $(VARIANTS:%='.venv/dev/bin/python -m lab roots --variant % 12 >/dev/null')

build-check: .venv/dev/.ready .build/installed/.ready ## check the files of the built collection
	.venv/dev/bin/python tools/check_build.py .build/dist/netops-tuning-*.tar.gz

.PHONY: build matrix bench couplings screenshots format lock clean
build: .build/installed/.ready ## build the collection, as a tarball in .build/dist
	@ls .build/dist/*.tar.gz

CORES_OF_CELLS = $(sort $(foreach cell,$(CELLS),$(firstword $(subst x, ,$(cell)))))
matrix: .venv/dev/.ready $(CORES_OF_CELLS:%=.venv/core-%/.ready) .build/src/.ready .build/installed/.ready .build/packages-hosts ## run the acceptance test on each ansible-core and target Python, and show a table (CELLS='2.19x3.8 ...')
	@PYTHONPATH=tools .venv/dev/bin/python -m matrix $(CELLS)

bench: .venv/dev/.ready .venv/peers/.ready .build/src/.ready .build/installed/.ready .build/packages-bench .build/packages-lab ## run the benchmarks, and compare with other collections
	$(call ON,dev) $(call TARGET,$(NEWEST)) python benchmarks

couplings: .venv/dev/.ready .build/src/.ready .build/packages-hosts $(if $(filter file,$(origin RELEASE)),,.build/packages-lab .build/packages-vm) ## measure which keys of this kernel act on each other, or of RELEASE=12 in a virtual machine (takes an hour), and record it
	PYTHONPATH=.build/src:tools .venv/dev/bin/python -m couplings --write $(if $(filter file,$(origin RELEASE)),,--release $(RELEASE)) $(KEYS)

screenshots: .venv/dev/.ready .build/src/.ready .build/packages-browser .build/packages-fonts ## take the pictures of the report in docs/images
	@PYTHONPATH=.build/src:tools .venv/dev/bin/python -m reports.screenshots docs/images

format: .venv/dev/.ready ## format the code with ruff
	.venv/dev/bin/ruff check --fix
	.venv/dev/bin/ruff format

lock: .venv/tools/.ready ## write the newest versions into the lock files
	@tools/scripts/lock.sh

clean: ## remove everything that was made
	rm -rf .build .venv .ansible tests/output

##### what the targets need

.venv/tools/.ready: requirements/tools.txt
	@tools/scripts/install_packages.sh python3-venv
	python3 -m venv --clear .venv/tools
	.venv/tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.venv/apply/.ready: PYTHON := '>=3.11'
.venv/dev/.ready .venv/peers/.ready .venv/mitogen/.ready: PYTHON := $(NEWEST)
$(CORES:%=.venv/core-%/.ready): PYTHON := $(NEWEST)
.venv/core-2.16/.ready .venv/core-2.17/.ready: PYTHON := 3.12# the newest that they run on
.venv/target-$(OLDEST)/.ready: PYTHON := $(OLDEST)

.venv/apply/.ready: requirements/ansible.txt
.venv/dev/.ready: requirements/dev.txt
.venv/peers/.ready: requirements/peers.txt
.venv/mitogen/.ready: requirements/mitogen.txt
$(CORES:%=.venv/core-%/.ready): .venv/core-%/.ready: requirements/core-%.txt
.venv/target-$(OLDEST)/.ready: requirements/target-$(OLDEST).txt
$(VENVS:%=.venv/%/.ready): | .venv/tools/.ready
	@tools/scripts/make_venv.sh $(@D) $(PYTHON) $<

.build/packages-apply: PACKAGES := procps util-linux
.build/packages-browser: PACKAGES := chromium
.build/packages-fonts: PACKAGES := fonts-inter fonts-jetbrains-mono
.build/packages-lint: PACKAGES := shellcheck
.build/packages-hosts: PACKAGES := iproute2 procps strace systemd util-linux
.build/packages-faults: PACKAGES := e2fsprogs iproute2 mount procps strace systemd util-linux
.build/packages-lab: PACKAGES := debian-archive-keyring iproute2 mmdebstrap openssh-client systemd-container util-linux
.build/packages-vm: PACKAGES := e2fsprogs qemu-system-x86
.build/packages-programs: PACKAGES := default-jdk-headless golang-go iproute2 nginx openssh-client openssh-server postgresql redis-server util-linux
.build/packages-monitoring: PACKAGES := iproute2 prometheus prometheus-node-exporter util-linux
.build/packages-bench: PACKAGES := iproute2 openssh-client openssh-server procps strace util-linux valgrind
.build/packages-%: tools/scripts/install_packages.sh
	@$< $(PACKAGES)
	@mkdir -p $(@D) && touch $@

# Programs of other inits, and network managers, which must not be installed on this machine.
.build/unpacked/.ready: tools/scripts/unpack_packages.sh
	@$< $(@D) busybox-static ifupdown
	@touch $@

# Ansible and git for test hosts that run Ansible themselves: the scenario `self_apply`.
.build/on-hosts/.ready: tools/scripts/ansible_for_hosts.sh requirements/core-2.15.txt requirements/core-2.16.txt requirements/core-2.21.txt | .venv/tools/.ready
	@$< $(@D)
	@touch $@

# The checkout, at the path at which Python imports a collection.
.build/src/.ready:
	mkdir -p .build/src/ansible_collections/netops
	ln -sfn ../../../.. .build/src/ansible_collections/netops/tuning
	@touch $@

# The collection as a user installs it. Any ansible-core can build it; .venv/apply is the smallest to install.
.build/installed/.ready: .venv/apply/.ready $(SHIPPED)
	rm -rf .build/dist
	$(call ON,apply) ansible-galaxy collection build --output-path .build/dist
	$(call ON,apply) ansible-galaxy collection install --offline --force --collections-path .build/installed .build/dist/*.tar.gz
	@touch $@
