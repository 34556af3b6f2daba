# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: machines that are stopped after the test, with a log each."""

import pathlib
import re

import pytest

import socle as harness


# Folders are architectures; the tests of others do not fit this image.
collect_ignore = [
    path.name for path in pathlib.Path(__file__).parent.iterdir()
    if path.is_dir() and path.name != harness.ARCH]


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true",
                     help="also the tests that take minutes")
    parser.addoption("--keep-logs", action="store_true",
                     help="keep the consoles of tests that pass")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; needs --long")
    config.addinivalue_line("markers", "wbox: white-box tests in the image")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="needs --long")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


@pytest.fixture
def log_name(request):
    """A new log file's path for each machine of a test."""
    stem = re.sub(r"[^\w.-]+", "_", request.node.name)
    made = []

    def name():
        made.append(harness.BUILD / "check" / "logs" /
                    f"{request.node.path.stem}.{stem}.{len(made)}.log")
        return made[-1]

    yield name
    report = getattr(request.node, "report_call", None)
    if report and report.passed and not request.config.getoption("--keep-logs"):
        for path in made:
            path.unlink(missing_ok=True)


@pytest.fixture
def machines():
    """Machines to stop when the test ends."""
    started = []
    yield started
    for machine in started:
        machine.close()


@pytest.fixture
def start(log_name, machines):
    """start(bundle, smp=, ...): the hypervisor, not yet at its prompt."""

    def run(bundle=None, **options):
        machine = harness.Socle(log_name(), bundle, **options)
        machines.append(machine)
        return machine

    return run


@pytest.fixture
def qemu(log_name, machines):
    """qemu(arguments): any other machine."""

    def run(arguments, **options):
        machine = harness.Machine(arguments, log_name(), **options)
        machines.append(machine)
        return machine

    return run


@pytest.fixture
def bundle(tmp_path):
    """bundle({name: description}): a packed bundle."""

    def make(guests, **options):
        return harness.make_bundle(tmp_path, guests, **options)

    return make


@pytest.fixture
def boot(start, bundle):
    """boot({name: description}, smp=, ...): the hypervisor at its prompt."""

    def run(guests=None, *, script=None, files=None, **options):
        packed = bundle(guests or {}, script=script, files=files)
        return start(packed, **options).boot()

    return run
