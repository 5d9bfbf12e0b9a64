"""The oldest versions that pyproject.toml allows, for pip: ``python -m tests.support.oldest``.

Where a Python is younger than a library's oldest version, the oldest one that was built for it.
"""

from __future__ import annotations

import re
import sys
import tomllib

from tests.support.paths import ROOT

BUILT_FOR = {"numpy": {(3, 12): "1.26", (3, 13): "2.1", (3, 14): "2.3.2"}}


def oldest(requirements: list[str], python: tuple[int, int]) -> list[str]:
    """``["numpy==1.24"]`` for ``["numpy>=1.24"]``."""
    pins = []
    for requirement in requirements:
        match = re.fullmatch(r"([a-z]+(?:\[[a-z]+\])?)>=([0-9.]+)", requirement)
        assert match, f"{requirement}: expected name>=version"
        name, version = match.groups()
        later = [v for built, v in BUILT_FOR.get(name, {}).items() if built <= python]
        pins.append(f"{name}=={later[-1] if later else version}")
    return pins


if __name__ == "__main__":
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = tomllib.loads(text)["project"]["dependencies"]
    print("\n".join(oldest(wanted, sys.version_info[:2])))
