"""The Trainer's own push: private, one commit, and no pickle, which the stock one adds from the first checkpoint on."""

import pytest
from loopback_hub import LoopbackHub

pytestmark = pytest.mark.medium

PUSH = """
    import sys, tempfile
    from pathlib import Path

    from saved_tagger import SAMPLES, save_encoder
    from modeling_phonexl import PhoneXLForTokenClassification
    from phonexl.training.data import load_data
    from phonexl.training.job import Job
    from phonexl.training.recipe import Recipe

    root = Path(sys.argv[1])
    settings = {"backbone": str(save_encoder(root / "encoder")), "vocab": "full", "max_steps": 2, "seeds": [1]}
    settings |= {"limit_train": 20, "limit_eval": 4, "eval_strategy": "no", "save_strategy": "steps", "save_steps": 1}
    recipe = Recipe.load("samples-zh-vi").override({**settings, "push_to_hub": True, "hub_model_id": "user/tagger"})
    job = Job(recipe, load_data(recipe, SAMPLES), root / "run", 1)
    trainer = job.make_trainer(*job.build(PhoneXLForTokenClassification))
    trainer.train()
    print(trainer.push_to_hub())
"""


@pytest.mark.hub
def test_a_trainer_pushes_one_private_commit_without_pickles(hub: LoopbackHub, run_client, tmp_path, request):
    address = run_client(PUSH, tmp_path, PYTHONPATH=str(request.path.parent)).strip()
    repository = hub.repository("models", "user/tagger")
    assert repository.private
    assert address.endswith(repository.head.sha)
    paths = set(repository.head.tree)
    assert {"model.safetensors", "config.json", "README.md", "modeling_phonexl.py"} <= paths
    assert not [path for path in paths if path.endswith((".bin", ".pt", ".pth", ".pkl"))]
    assert len(list(repository.history(repository.head))) == 2  # the empty one and ours
