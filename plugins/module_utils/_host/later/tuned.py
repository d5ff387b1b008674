# SPDX-License-Identifier: GPL-3.0-or-later

"""TuneD: it applies the sections of its active profile, and then (reapply_sysctl) files again.

Sources: tuned/plugins/plugin_sysctl.py, tuned/profiles/loader.py and merger.py of TuneD 2.20.
"""

from __future__ import annotations

import os
import re
from typing import Iterable, Iterator, NamedTuple

from ..._sysctl.errors import describe_os_error
from ..._sysctl.files.doubts import Doubt
from ..._sysctl.files.loaders import LOADERS, BootFile, Loader
from ..._sysctl.files.stages import Stage
from ..._sysctl.files.sysctl_d import Line
from ..._sysctl.keys import normalize_key
from ..._sysctl.text import decode
from ..configuration import LaterChanges, is_enabled, read_configuration
from ..files import HostFiles
from .sections import Option, read_options

PROFILE_NAMES = ("/etc/tuned/active_profile", "/etc/tuned/post_loaded_profile")
PROFILE_FOLDERS = (
    "/etc/tuned/profiles",
    "/etc/tuned",
    "/usr/lib/tuned/profiles",
    "/usr/lib/tuned",
)
MAIN_CONFIGURATION = "/etc/tuned/tuned-main.conf"
REPLAYED_FOLDERS = ("/run/sysctl.d", "/etc/sysctl.d")
_REPLAYED_PATHS = (*REPLAYED_FOLDERS, "/etc/sysctl.conf")
RULES = LOADERS["procps"]._replace(name="tuned", program="tuned")

_REMEDY = "see 'tuned-adm active', and set the key in a profile of your own"
_CONDITIONS = ("enabled", "replace", "drop", "uname_regex", "cpuinfo_regex")
"""Options of a section that decide whether its keys are set at all."""
_OPTIONS = ("type", "devices", "priority", "script_pre", "script_post", *_CONDITIONS)


class ProfileLine(NamedTuple):
    """A line of a profile that sets a key."""

    number: int
    key: str
    value: str
    doubt: str
    """Why the value that it sets is not known, "" if it is."""


class _Profiles:
    """The profile files in the order in which TuneD merges them: included ones first."""

    def __init__(self, files: HostFiles) -> None:
        self.files = files
        self.contents: dict[str, bytes] = {}
        self.order: list[BootFile] = []
        self.doubts: list[Doubt] = []

    def load(self, names: Iterable[str]) -> None:
        """Load profiles by their names; each file counts once, so an inclusion comes to an end."""
        for name in names:
            path = self._find(name.lstrip("-"))
            if path is None:
                if not name.startswith("-"):
                    self._doubt(f"its profile {name!r} cannot be found", PROFILE_NAMES[0])
                continue
            real_path = self.files.resolve(path)
            if real_path in self.contents:
                continue
            try:
                data = read_configuration(self.files, path)
            except OSError as error:
                self._doubt(f"its profile cannot be read: {describe_os_error(error)}", path)
                continue
            self.contents[real_path] = data
            self.load(included_profiles(data))
            self.order.append(BootFile(path, real_path, masked_by=None))

    def _find(self, name: str) -> str | None:
        name = os.path.basename(name)
        if not re.fullmatch(r"[\w.-]+", name):
            return None
        for folder in PROFILE_FOLDERS:
            path = f"{folder}/{name}/tuned.conf"
            if os.path.isfile(self.files.host_path(self.files.resolve(path))):
                return path
        return None

    def _doubt(self, why: str, path: str) -> None:
        self.doubts.append(Doubt(by="tuned", why=why, path=path, remedy=_REMEDY))


def read(files: HostFiles) -> LaterChanges:
    """Return what TuneD applies at boot."""
    if not is_enabled(files, "tuned"):
        return LaterChanges()
    profiles = _Profiles(files)
    names = _active_profiles(files)
    if not names:
        why = "no profile is chosen, so it chooses one when it starts"
        doubt = Doubt(by="tuned", why=why, path=PROFILE_NAMES[0], remedy=_REMEDY)
        return LaterChanges(doubts=(doubt,))
    profiles.load(names)
    doubts = list(profiles.doubts)
    replays_files = _replays_files(files)
    for file in profiles.order:
        doubts.extend(_doubts_of(file, profiles.contents[file.real_path], replays_files))
    stages = [Stage(by="tuned", rules=RULES, files=tuple(profiles.order), parse=parse_profile)]
    sets_keys = any(profile_lines(data) for data in profiles.contents.values())
    if sets_keys and replays_files:
        replay = Stage(
            by="tuned",
            rules=RULES,
            replayed_folders=REPLAYED_FOLDERS,
            parse=parse_plain,
        )
        stages.append(replay)
    return LaterChanges(stages=tuple(stages), contents=profiles.contents, doubts=tuple(doubts))


def _active_profiles(files: HostFiles) -> list[str]:
    names: list[str] = []
    for path in PROFILE_NAMES:
        try:
            names.extend(decode(read_configuration(files, path)).split())
        except OSError:
            continue
    return names


def _replays_files(files: HostFiles) -> bool:
    try:
        text = decode(read_configuration(files, MAIN_CONFIGURATION))
    except OSError:
        return True
    values = re.findall(r"(?m)^\s*reapply_sysctl\s*=\s*(\w+)", text)
    return not values or values[-1].lower() not in ("0", "no", "false", "off")


def _doubts_of(file: BootFile, data: bytes, replays_files: bool) -> Iterator[Doubt]:
    for line in profile_lines(data):
        if line.doubt:
            yield Doubt(
                by="tuned",
                why=line.doubt,
                path=file.path,
                remedy=_REMEDY,
                keys=(line.key,),
                line=line.number,
                settled_in=_REPLAYED_PATHS if replays_files else (),
            )


# --- the grammar ---


def included_profiles(data: bytes) -> list[str]:
    """Return the profiles that a profile includes."""
    included: list[str] = []
    for option in _options(data):
        if (option.section, option.name) == ("main", "include"):
            included = re.split(r"\s*[,;]\s*", option.value)
    return [name for name in included if name]


def profile_lines(data: bytes) -> list[ProfileLine]:
    """Return the lines of a profile that set keys: those of its sections of type sysctl."""
    lines: list[ProfileLine] = []
    for section, options in _sections(data).items():
        values = {option.name: option.value for option in options}
        if values.get("type", section) != "sysctl":
            continue
        is_conditional = any(condition in values for condition in _CONDITIONS)
        for option in options:
            if option.name in _OPTIONS:
                continue
            doubt = _doubt_about(option.value)
            if is_conditional:
                doubt = f"the section [{section}] has a condition"
            profile_line = ProfileLine(
                number=option.number,
                key=_key_of(option.name),
                value=option.value,
                doubt=doubt,
            )
            lines.append(profile_line)
    return lines


def _sections(data: bytes) -> dict[str, list[Option]]:
    """Return section -> its options; parts of one name are one section."""
    sections: dict[str, list[Option]] = {}
    for option in _options(data):
        sections.setdefault(option.section, []).append(option)
    return sections


def _options(data: bytes) -> Iterator[Option]:
    for option in read_options("", decode(data)):
        yield option._replace(value=_without_comment(option.value))


def _without_comment(value: str) -> str:
    text = re.sub(r"(^|\s)#.*", "", value).strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text


def _doubt_about(value: str) -> str:
    if value[:1] in ("<", ">"):
        return f"it sets the key to {value!r}, a bound of the value that it finds"
    if "${" in value:
        return f"it sets the key to {value!r}, which only it can work out"
    return ""


def _key_of(option: str) -> str:
    """Return the key that an option names: each dot is a slash (_get_sysctl_path)."""
    return normalize_key("/" + option.replace(".", "/"))


def parse_profile(data: bytes, _rules: Loader, path: str, real_path: str, by: str) -> list[Line]:
    """Return the lines of a profile that set keys to values that are known."""
    lines = []
    for profile_line in profile_lines(data):
        if not profile_line.doubt:
            line = Line(
                path=path,
                real_path=real_path,
                number=profile_line.number,
                segment=profile_line.number - 1,
                key=profile_line.key,
                value=profile_line.value,
                by=by,
            )
            lines.append(line)
    return lines


def parse_plain(data: bytes, _rules: Loader, path: str, real_path: str, by: str) -> list[Line]:
    """Read a file of settings as TuneD does: no globs, no dash, each dot a slash."""
    lines = []
    for index, text in enumerate(decode(data).split("\n")):
        option, equals, value = text.strip().partition("=")
        option = option.strip()
        if not equals or not option or option[0] in "#;-" or "*" in option:
            continue
        line = Line(
            path=path,
            real_path=real_path,
            number=index + 1,
            segment=index,
            key=_key_of(option),
            value=value.strip(),
            by=by,
        )
        lines.append(line)
    return lines
