"""ImageNet's classes in the order of the outputs."""

from importlib import resources


def imagenet() -> list[list[str]]:
    """A row a class: WordNet id, first lemma, other lemmas."""
    folder = resources.files("timm") / "data" / "_info"
    lemmas = dict(
        line.split("\t")
        for line in (folder / "imagenet_synset_to_lemma.txt").read_text("utf-8").splitlines()
    )
    wnids = (folder / "imagenet_synsets.txt").read_text("utf-8").split()
    rows = [[wnid, *lemmas[wnid].split(", ")] for wnid in wnids]
    if len(rows) != 1000 or wnids != sorted(set(wnids)):
        raise ValueError("ImageNet's 1000 classes are not in the order of their ids")
    if any("\t" in cell or not cell for row in rows for cell in row):
        raise ValueError("a label is empty or has a tab")
    return rows


def lines() -> str:
    """The rows as the model file stores them: cells by tab, rows by newline."""
    return "\n".join("\t".join(row) for row in imagenet())
