"""Read the JSON of the Hugging Face Hub: one model or dataset, or a list of them."""

from collections.abc import Mapping
from typing import Any

from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.json_text import first_text, items, mapping
from catalogue.standards.readers.record import Json, Reading, Record, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.text import day

SOURCE = "Hugging Face"


def read(found: Json, base_url: str) -> Reading:
    """Read what /api/models or /api/datasets answers."""
    if mapping(found).get("error"):
        return failed("hf", _refused(mapping(found)))
    if isinstance(found, list):
        return Reading(records=tuple(_record(mapping(each), base_url) for each in found))
    return Reading(records=(_record(mapping(found), base_url),))


def _refused(answer: Mapping[str, Any]) -> Any:
    return fault(
        "hf_error",
        _("Hugging Face a refusé la demande : « %(message)s »."),
        fatal=True,
        message=first_text(answer.get("error")) or "?",
    )


def _record(data: Mapping[str, Any], base_url: str) -> Record:
    name = first_text(data.get("id"), data.get("modelId"))
    is_dataset = "/datasets" in base_url or "dataset" in str(data.get("_type") or "").lower()
    is_dataset = is_dataset or any(
        str(tag).startswith(("task_categories:", "size_categories:"))
        for tag in items(data.get("tags"))
    )
    kind = "dataset" if is_dataset else "model"
    url = f"https://huggingface.co/{'datasets/' if is_dataset else ''}{name}" if name else ""
    into = Builder(kind, SOURCE, remote_id=name, source_url=url)
    written = mapping(data.get("cardData"))
    tags = [str(tag) for tag in items(data.get("tags")) if isinstance(tag, str)]
    into.line("title", written.get("pretty_name"), "cardData.pretty_name")
    into.line("title", name.rsplit("/", 1)[-1], "id")
    into.require_title()
    into.text("description", data.get("description"), "description")
    into.describe(data.get("description"), "description")
    into.address("homepage_url", url, "id")
    into.address("repository_url", url, "id")
    into.line("producer_name", data.get("author") or _owner(name), "author")
    licences = items(written.get("license")) or _tagged(tags, "license")
    into.licence(licences, "license")
    into.language(written.get("language") or _tagged(tags, "language"), "language")
    words = [tag for tag in tags if ":" not in tag]
    into.tags([*words, first_text(data.get("pipeline_tag"))], "tags")
    into.modified = day(data.get("lastModified"))
    into.count("downloads", data.get("downloads"))
    into.count("followers", data.get("likes"))
    if data.get("private") or data.get("gated"):
        into.value("access", "on_request", "gated")
    if is_dataset:
        into.date("last_update", data.get("lastModified"), "lastModified")
        into.untold |= {"update_frequency", "temporal_coverage", "territories", "distributions"}
    else:
        _model(data, written, tags, into)
    return into.record()


def _model(
    data: Mapping[str, Any], written: Mapping[str, Any], tags: list[str], into: Builder
) -> None:
    into.date("created", data.get("createdAt"), "createdAt")
    into.line("library", data.get("library_name"), "library_name", own=True)
    bases = items(written.get("base_model")) or _tagged(tags, "base_model")
    into.line("base_model", first_text(bases), "base_model", own=True)
    into.line("version", str(data.get("sha") or "")[:12], "sha", own=True)
    names = [str(each) for each in items(written.get("datasets")) or _tagged(tags, "dataset")]
    into.rows("trained_on", [{"title": name} for name in names], "datasets")
    for name in names:
        into.link("trained_on", title=name)
    files = [first_text(mapping(each).get("rfilename")) for each in items(data.get("siblings"))]
    weights = [
        {"title": name, "url": f"{into.source_url}/resolve/main/{name}", "format": _suffix(name)}
        for name in files
        if name.endswith((".safetensors", ".onnx", ".bin", ".gguf", ".h5", ".pt", ".ckpt"))
    ]
    into.rows("files", weights, "siblings")
    if not weights:
        into.untold.add("files")


def _owner(name: str) -> str:
    return name.split("/")[0] if "/" in name else ""


def _suffix(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _tagged(tags: list[str], prefix: str) -> list[str]:
    return [tag.split(":", 1)[1] for tag in tags if tag.startswith(f"{prefix}:")]
