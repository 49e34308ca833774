"""Write docs/compatibility.md: which models of which collections are read, and whether the figures are exact.

    python docs/make_compatibility.py survey.jsonl torchvision timm onnx keras [--most 4]

Needs what it surveys: torch, torchvision and timm (`pip install --no-deps`, and pillow), onnx, keras. Results are kept
in `survey.jsonl`, a line each, and not tried again; without collections the page is written from what is there.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from collections import Counter
from functools import cache
from importlib import metadata
from math import prod
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import cnncalc
from cnncalc.errors import SpecError, UsageError
from tests.oracle import zoo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PAGE = Path(__file__).with_name("compatibility.md")
MAX_REASON = 120
SHOWN = 3
CODE = re.compile(r"^error \w+: ")
STATUSES = ("exact", "differs", "refused", "unreadable")
LIMIT = 240
"""Seconds for one model."""
INTRODUCTION = """# Compatibility

Made by [make_compatibility.py](make_compatibility.py). *Exact*: the model is imported, and parameters and
multiply-accumulates are those that the framework itself counts, to the integer. *Differs*: imported, but a figure is
another one; each is listed. *Refused*: an op has no counterpart; the error names every place, the table one reason.
*Unreadable*: its own framework does not build or export it as it is tried here.
"""


class TooSlowError(Exception):
    """A model took longer than LIMIT."""


class WrongError(Exception):
    """What is read is not what the collection says."""


def main() -> int:
    """Survey the collections named, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("collections", nargs="*", choices=[*COLLECTIONS, []])
    parser.add_argument("--most", type=int, default=4, help="models of a family of timm")
    options = parser.parse_args()
    known = _read(options.results)
    seen = {(found["collection"], found["name"]) for found in known}
    with options.results.open("a", encoding="utf-8") as file:
        for collection in options.collections:
            version = metadata.version(collection)
            for family, name in COLLECTIONS[collection].names(options.most):
                if (collection, name) not in seen:
                    told = {"collection": collection, "version": version, "family": family, "name": name}
                    found = {**told, **_tried(collection, name)}
                    file.write(json.dumps(found) + "\n")
                    file.flush()
                    known.append(found)
    PAGE.write_text(_page(known), encoding="utf-8")
    return 0


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _tried(collection: str, name: str) -> dict[str, Any]:
    """Status, and the reason where it is not exact."""

    def stop(*_: object) -> None:
        raise TooSlowError(f"more than {LIMIT} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    try:
        ours, theirs = COLLECTIONS[collection].figures(name)
    except SpecError as error:
        places = [found.message for found in error.findings]
        return {"status": "refused", "why": _reason(places[0]), "places": len(places)}
    except WrongError as error:
        return {"status": "differs", "why": str(error)}
    except UsageError as error:
        status = "unreadable" if "torch.export cannot" in str(error) else "refused"
        return {"status": status, "why": str(error).split("\n", 1)[0]}
    except Exception as error:  # noqa: BLE001 - one broken model is one line
        return {"status": "unreadable", "why": f"{type(error).__name__}: {error}".split("\n", 1)[0]}
    finally:
        signal.alarm(0)
    apart = [f"{key} {ours[key]:,}, not {theirs[key]:,}" for key in theirs if ours[key] != theirs[key]]
    return {"status": "differs", "why": "; ".join(apart)} if apart else {"status": "exact", "why": ""}


def _reason(message: str) -> str:
    """The message without the place in the model."""
    return message.partition(": ")[2] or message


def _totals(spec: cnncalc.NetworkSpec) -> dict[str, int]:
    report = cnncalc.analyze(spec)
    return {"parameters": report.totals.params, "MACs": report.totals.macs}


class Torchvision:
    """All models."""

    title = "torchvision"

    @staticmethod
    def names(most: int) -> Iterator[tuple[str, str]]:  # noqa: ARG004 - one signature for all
        """Family and name."""
        models = zoo.collection("torchvision").models

        for module in (models, models.segmentation, models.video, models.detection, models.optical_flow):
            for name in models.list_models(module=module):
                yield module.__name__.removeprefix("torchvision.models").lstrip(".") or "classification", name

    @staticmethod
    def figures(name: str) -> tuple[dict[str, int], dict[str, int]]:
        """Ours and theirs."""
        models = zoo.collection("torchvision").models

        video = models.get_model_builder(name).__module__.startswith("torchvision.models.video")
        module = _built(lambda: models.get_model(name, weights=None, **_without_weights(name)))
        return zoo.figures(module, (3, 16, 224, 224) if video else (3, 224, 224))


def _without_weights(name: str) -> dict[str, object]:
    parts = ("segmentation", "deeplab", "fcn_", "lraspp", "rcnn", "retinanet", "ssd", "fcos")
    return {"weights_backbone": None} if any(part in name for part in parts) else {}


class Timm:
    """Some models of every family, spread over its names."""

    title = "timm"

    @staticmethod
    def names(most: int) -> Iterator[tuple[str, str]]:
        """Family and name."""
        timm = zoo.collection("timm")

        families: dict[str, list[str]] = {}
        for name in timm.list_models():
            module = timm.get_pretrained_cfg(name) and timm.model_entrypoint(name).__module__
            families.setdefault(str(module).rpartition(".")[2], []).append(name)
        for family, names in sorted(families.items()):
            step = max(1, -(-len(names) // most))
            yield from ((family, name) for name in names[::step])

    @staticmethod
    def figures(name: str) -> tuple[dict[str, int], dict[str, int]]:
        """Ours and theirs."""
        timm = zoo.collection("timm")

        module = _built(lambda: timm.create_model(name))
        size = tuple(module.pretrained_cfg.get("input_size") or (3, 224, 224))
        return zoo.figures(module, size)


def _built(make: Callable[[], Any]) -> Any:
    """A module without numbers; some have to be made with numbers first."""
    import torch

    try:
        with torch.device("meta"):
            return make()
    except (NotImplementedError, RuntimeError):
        return make().to("meta")


class Keras:
    """All networks, read from what `to_json()` gives; Keras counts no MACs."""

    title = "keras.applications"

    @staticmethod
    def names(most: int) -> Iterator[tuple[str, str]]:  # noqa: ARG004 - one signature for all
        """Family and name."""
        from inspect import getmembers, isfunction, ismodule

        from keras import applications

        for family, module in getmembers(applications, ismodule):
            yield from ((family, name) for name, _ in getmembers(module, isfunction) if name[0].isupper())

    @staticmethod
    def figures(name: str) -> tuple[dict[str, int], dict[str, int]]:
        """Ours and theirs; Keras counts no MACs."""
        import keras

        with keras.device("meta"):
            model = getattr(keras.applications, name)(weights=None)
        spec = cnncalc.from_keras(model.to_json().encode())
        counted = sum(prod(map(int, weight.shape)) for weight in model.trainable_weights)
        return _totals(spec), {"parameters": counted}


class Onnx:
    """Its cases of single ops that are read, and small models; its networks are in tests/oracle/test_onnx_models.py."""

    title = "onnx"

    @staticmethod
    def names(most: int) -> Iterator[tuple[str, str]]:  # noqa: ARG004 - one signature for all
        """Family and name."""
        yield from ((family, name) for name, (family, _) in _onnx_cases().items())

    @staticmethod
    def figures(name: str) -> tuple[dict[str, int], dict[str, int]]:
        """Nothing to compare where shapes and parameters are right."""
        from tests.oracle.test_onnx_cases import outcome

        why = outcome(_onnx_cases()[name][1])
        if why.startswith("wrong: "):
            raise WrongError(why.removeprefix("wrong: "))
        if why:
            raise UsageError(why)
        return {}, {}


@cache
def _onnx_cases() -> dict[str, tuple[str, Any]]:
    from tests.oracle.onnx_cases import model_cases, node_cases
    from tests.oracle.test_onnx_cases import CLAIMED

    models = {
        f"{kind}/{case.name}": (kind, case)
        for kind in ("simple", "pytorch-converted", "pytorch-operator")
        for case in model_cases(kind)
    }
    single = {case.name: (case.ops[0], case) for case in node_cases() if len(case.ops) == 1 and case.ops[0] in CLAIMED}
    return {**models, **single}


COLLECTIONS: dict[str, Any] = {"torchvision": Torchvision, "timm": Timm, "onnx": Onnx, "keras": Keras}


def _page(results: Iterable[dict[str, Any]]) -> str:
    parts = [INTRODUCTION]
    for key, collection in COLLECTIONS.items():
        found = [result for result in results if result["collection"] == key]
        if found:
            parts.append(_section(collection, found))
    return "\n".join(parts)


def _section(collection: Any, found: list[dict[str, Any]]) -> str:
    """One collection: a sentence, a row per family that is not wholly exact, and the families that are."""
    families: dict[str, list[dict[str, Any]]] = {}
    for result in found:
        families.setdefault(result["family"], []).append(result)
    counts = Counter(result["status"] for result in found)
    told = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    versions = ", ".join(sorted({result["version"] for result in found}))
    lines = [f"## {collection.title} {versions}", "", collection.__doc__]
    lines += [f"Tried: {len(found)} of {len(families)} families: {told}.", ""]
    whole = [name for name, results in families.items() if all(each["status"] == "exact" for each in results)]
    if whole:
        counted = ", ".join(f"{name} ({len(families[name])})" for name in whole)
        lines += [*wrap(f"Exact in all: {counted}.", width=120), ""]
    rest = {name: results for name, results in families.items() if name not in whole}
    if rest:
        lines += ["| family | exact | not exact | why |", "|---|---|---|---|"]
    for name, results in rest.items():
        left = [each for each in results if each["status"] != "exact"]
        exact = len(results) - len(left)
        reasons = list(dict.fromkeys(_short(each) for each in left))[:SHOWN]
        shown = ", ".join(each["name"] for each in left[:SHOWN])
        shown += f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        lines.append(f"| {name} | {exact} of {len(results)} | {shown} | {'; '.join(reasons)} |")
    return "\n".join(lines) + "\n"


def _short(result: dict[str, Any]) -> str:
    why = CODE.sub("", str(result["why"])).replace("|", "/")
    return why if len(why) <= MAX_REASON else f"{why[:MAX_REASON]}..."


if __name__ == "__main__":
    sys.exit(main())
