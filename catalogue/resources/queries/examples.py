"""The example of a card: its own, else the code that runs or takes a model of Hugging Face."""

import re
from typing import Any

from catalogue.resources.enums import ResourceKind
from catalogue.resources.fields import EXAMPLE
from catalogue.resources.models import Resource
from catalogue.standards.pipelines import told_by
from catalogue.standards.writers import citation

HUB_MODEL = re.compile(
    r"https://huggingface\.co/(?!(?:blog|datasets|docs|learn|papers|spaces|tasks)/)([\w.-]+/[\w.-]+)/?"
)
# Words that a model reads; French where its card says that it reads French.
FRENCH_WORDS, ENGLISH_WORDS = ("aide à domicile", "boulanger"), ("home care worker", "baker")
# By library: how a model that lives there is run.
HUB_EXAMPLES = {
    "transformers": "# pip install transformers torch\n"
    "from transformers import AutoModel, AutoTokenizer\n\n"
    'tokenizer = AutoTokenizer.from_pretrained("{0}")\nmodel = AutoModel.from_pretrained("{0}")\n'
    'words = tokenizer("{1}", return_tensors="pt")\n'
    "print(model(**words).last_hidden_state.shape)",
    "sentence-transformers": "# pip install sentence-transformers\n"
    "from sentence_transformers import SentenceTransformer\n\n"
    'model = SentenceTransformer("{0}")\nvectors = model.encode(["{1}", "{2}"])\n'
    "print(model.similarity(vectors, vectors))",
}
# What runs by its own pipeline, and what gives vectors; the rest does not read one text.
PIPED = frozenset({"text-classification", "token-classification", "text-generation"})
ENCODES = frozenset({"", "feature-extraction", "fill-mask", "sentence-similarity"})
# Names of families that also write, hear or see: AutoModel does not run them on words alone.
NO_ENCODER = re.compile(
    r"(?<![a-z])(?:(?:m|flan-?|by)?t5|m?bart(?:hez)?|pegasus|opus-mt|marian|nllb|m2m|"
    r"whisper|wav2vec2?|hubert|vit|clip|detr|yolo)(?![a-z])",
    re.I,
)
HUB_DOWNLOAD = (
    "# pip install huggingface_hub\nfrom huggingface_hub import snapshot_download\n\n"
    'snapshot_download("{}")'
)


def source_page(resource: Resource) -> str:
    """Give the page of a thing where it lives, that its article may be; "" where none is known."""
    paper = citation.article_address(str(resource.details.get("paper") or ""))
    cited = paper if HUB_MODEL.fullmatch(paper) else ""
    return resource.homepage_url or str(resource.details.get("source_url") or "") or cited


def example(resource: Resource) -> dict[str, Any]:
    """Give the example of a card, else the code that runs or takes a model of Hugging Face."""
    found = (
        HUB_MODEL.fullmatch(source_page(resource)) if resource.kind == ResourceKind.MODEL else None
    )
    own = resource.details.get(EXAMPLE.name, "")
    if own or not found:
        return {"example": own, "example_runs": True}
    code = _hub_code(resource, found[1])
    read = FRENCH_WORDS if "fr" in resource.languages else ENGLISH_WORDS
    return {"example": code.format(found[1], *read), "example_runs": code != HUB_DOWNLOAD}


def _hub_code(resource: Resource, name: str) -> str:
    """Give the code by which what a model does can run, else that which only takes its files."""
    library, does = str(resource.details.get("library")).lower(), told_by(resource.tags)
    modes = " ".join(resource.details.get("modalities") or ["texte"]).lower()
    if library == "transformers" and does in PIPED:
        return (
            "# pip install transformers torch\nfrom transformers import pipeline\n\n"
            f'run = pipeline("{does}", model="{{0}}")\nprint(run("{{1}}"))'
        )
    family = f"{name} {resource.details.get('base_model') or ''}"
    if does not in ENCODES or "text" not in modes or NO_ENCODER.search(family):
        return HUB_DOWNLOAD
    return HUB_EXAMPLES.get(library, HUB_DOWNLOAD)
