"""Renders the README.md of a metric's Space from the card in its folder.

Not here: what the metric measures, which the card in the folder says.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from huggingface_hub import RepoCard

from hub_cards.render import render_template


def render_metric_card(card: str, repo: str) -> str:
    """The card of a Space: that of the folder, with the examples loading from the Hub, and our tag.

    Args:
        card: The README.md of the metric's folder, with the front matter of a Space.
        repo: `user/name` of the Space; its name is that of the metric.

    Raises:
        ValueError: If the front matter lacks what a Space of a metric needs.
    """
    loaded = RepoCard(card, ignore_metadata_errors=False)
    data = loaded.data
    tags = data.get("tags") or []
    missing = [key for key in ("title", "sdk", "sdk_version", "app_file") if not data.get(key)]
    missing += [f"tag {tag!r}" for tag in ("evaluate", "metric") if tag not in tags]
    if missing:
        raise ValueError(f"front matter without {', '.join(missing)}: a Space of a metric needs it")
    data["tags"] = [*tags, *({"phonexl"} - set(tags))]
    local = f'"evaluate_metrics/{PurePosixPath(repo).name}"'
    body = loaded.text.strip("\n").replace(f"evaluate.load({local})", f'evaluate.load("{repo}")')
    return render_template("metric.md.jinja", metadata=data.to_yaml(), body=body, repo=repo)
