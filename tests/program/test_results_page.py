"""The page of results: what its sentences say is what the files in results/ say."""

import json
from pathlib import Path
from statistics import fmean

import pytest

from phonexl.comparison import gain_over
from phonexl.results import Result, find_results
from phonexl.tag_recall import tag_recall

ROOT = Path(__file__).resolve().parents[2]
TASKS = ("panx", "udpos")


def test_what_is_said_of_the_rivals_is_what_their_runs_say() -> None:
    runs = {path.stem: Result.load(path) for path in (ROOT / "results/udpos-2000-methods/zh-vi").glob("*.json")}

    def gain(name: str, other: str) -> float:
        one, two = (runs[key].scores["vi"]["test"]["accuracy"] for key in (name, other))
        return 100 * (one - two)

    assert gain("cosda-ml", "plain") > 1.5
    for name in ("filter", "x-mixup"):
        seeds = [key for key in runs if key.startswith(name)]
        assert len(seeds) >= 2
        assert max(abs(gain(key, key.replace(name, "plain"))) for key in seeds) < 0.4, name
    assert runs["translate-train"].training["translator"]["coverage"] == pytest.approx(0.23, abs=0.005)

    def korean(name: str) -> list[float]:
        runs = find_results([ROOT / "results" / "udpos-2000" / f"udpos-ja-ko-offline-{name}"])
        assert [run.seed for run in runs] == [1, 2, 3]
        return [100 * run.scores["ko"]["test"]["accuracy"] for run in runs]

    plain, switched, control = (korean(name) for name in ("plain-subword", "sino-xenic", "sino-xenic-shuffled"))
    assert fmean(switched) == pytest.approx(54.74, abs=0.005)
    assert fmean(plain) == pytest.approx(53.93, abs=0.005)
    assert fmean(control) == pytest.approx(53.28, abs=0.005)
    ahead = [one - other for one, other in zip(switched, control, strict=True)]
    assert [round(min(ahead), 1), round(max(ahead), 1)] == [0.9, 2.5]


def joined(values: list[float]) -> str:
    """With signs, as a sentence has them."""
    *words, last = [f"{round(value, 1) + 0.0:+.1f}" for value in values]  # without -0.0
    return f"{', '.join(words)} and {last}" if words else last


def test_what_is_said_of_three_seeds_of_vietnamese_is_what_their_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    runs = find_results([ROOT / "results" / "udpos-2000-methods" / "zh-vi"])

    def by_seed(method: str, metric: str, language: str, epochs: int = 1) -> dict[int, float]:
        found = [run for run in runs if (run.recipe["method"], run.recipe["num_train_epochs"]) == (method, epochs)]
        return {run.seed: 100 * run.scores[language]["test"][metric] for run in found}

    def gains(method: str, metric: str = "accuracy", language: str = "vi", epochs: int = 1) -> list[float]:
        """Over plain that was trained for that long."""
        plain = by_seed("plain", metric, language, epochs)
        return [score - plain[seed] for seed, score in sorted(by_seed(method, metric, language).items())]

    assert f"of the source's, by {joined(gains('cosda-ml'))} points of accuracy" in page
    assert f"(F1 {fmean(gains('cosda-ml', 'xtreme_f1')):.1f} on average)" in page
    of_translations = joined(gains("translate-train")), fmean(gains("translate-train", "xtreme_f1"))
    assert "beside the source's, by {} (F1 {:.1f})".format(*of_translations) in page
    assert "some three points on Vietnamese" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(2.5 < fmean(gains(method)) < 4 for method in ("xtune", "translate-train"))
    assert f"`xtune` gains most**, by {joined(gains('xtune'))} points" in page
    assert f"(F1 {fmean(gains('xtune', 'xtreme_f1')):.1f} on average)" in page
    assert f"over plain with two epochs by {joined(gains('xtune', epochs=2))}" in page
    assert {run.training["steps"] for run in runs if run.recipe["method"] == "xtune"} == {3 * 125}
    longer = [by_seed("plain", "accuracy", language, 2) for language in ("zh", "vi")]
    shorter = [by_seed("plain", "accuracy", language) for language in ("zh", "vi")]
    zh, vi = (fmean(two.values()) - fmean(one.values()) for two, one in zip(longer, shorter, strict=True))
    assert (round(zh), round(vi, 1)) == (6, 0.0)
    ahead = [fmean(gains("translate-train", metric, epochs=2)) for metric in ("accuracy", "xtreme_f1")]
    assert "is {:.1f} points ahead (F1 {:.1f}) and one behind on Chinese".format(*ahead) in page
    assert round(fmean(gains("translate-train", language="zh", epochs=2))) == -1
    assert f"(`sino-xenic`) gains {joined(gains('sino-xenic'))} points" in page
    plain, phonexl = (
        [run for run in runs if (run.recipe["method"], run.recipe["num_train_epochs"]) == (name, 1)]
        for name in ("plain", "phonexl")
    )
    found = gain_over(phonexl, plain, "vi", "accuracy", "test")
    assert found is not None
    assert found[1] is not None
    interval = "[{:.2f}, {:.2f}]".format(*(100 * end for end in found[1]))
    assert f"gains {joined(gains('phonexl'))} points of accuracy ({100 * found[0]:.2f} {interval})" in page
    assert f"nothing of F1 ({joined(gains('phonexl', 'xtreme_f1'))})" in page
    assert {round(gain) for gain in gains("romanised-contrast", language="zh")} == {-4, -5, -6}
    loss = [-fmean(gains("romanised-contrast", metric)) for metric in ("accuracy", "xtreme_f1")]
    assert "on Chinese and {:.1f} on Vietnamese** (F1 {:.1f})".format(*loss) in page


def test_what_is_said_of_three_seeds_is_what_their_runs_say() -> None:
    folder = ROOT / "results" / "udpos-2000-methods"
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    runs = find_results([folder / "ja-ko"])

    def by_seed(method: str, metric: str, language: str, epochs: int = 1) -> dict[int, float]:
        found = [run for run in runs if (run.recipe["method"], run.recipe["num_train_epochs"]) == (method, epochs)]
        return {run.seed: 100 * run.scores[language]["test"][metric] for run in found}

    def gains(method: str, metric: str = "accuracy", language: str = "ko", epochs: int = 1) -> list[float]:
        """Over plain that was trained for that long, where it has the seed."""
        plain, scores = by_seed("plain", metric, language, epochs), by_seed(method, metric, language)
        return [score - plain[seed] for seed, score in sorted(scores.items()) if seed in plain]

    assert min(gains("translate-train")) > 1.5
    means = [fmean(gains("translate-train", *which)) for which in ((), ("xtreme_f1",), ("accuracy", "ja"))]
    assert (
        "gains in every seed**, {:.1f} points of accuracy and {:.1f} of F1 on Korean, {:.1f} on J".format(*means)
        in page
    )
    f1 = fmean(gains("xtune", "xtreme_f1"))
    assert f"`xtune` as well**, {joined(gains('xtune'))} points of accuracy (F1 {f1:.1f} on average)" in page
    longer = by_seed("plain", "accuracy", "ko", 2)
    assert f"({fmean(longer.values()):.2f} on Korean, {len(longer)} seeds)" in page

    def of(method: str, epochs: int = 1) -> list[Result]:
        return [run for run in runs if (run.recipe["method"], run.recipe["num_train_epochs"]) == (method, epochs)]

    for method in ("translate-train", "xtune"):
        found = gain_over(of(method), of("plain", 2), "ko", "accuracy", "test")
        assert found is not None
        assert found[1] is not None
        mean, low, high = (100 * value for value in (found[0], *found[1]))
        assert low < 0 < high
        assert f"{joined(gains(method, epochs=2))} for `{method}` ({mean:+.2f} [{low:.2f}, {high:.2f}])" in page
    assert "are equal here**: {:+.1f}, {:+.1f} and {:+.1f} points".format(*gains("phonexl")) in page
    first, second, _ = gains("cosda-ml")
    assert f"gains in one seed ({first:+.1f}) and loses in another ({second:+.1f})" in page
    assert max(gains("cosda-ml", "xtreme_f1")) < 0
    assert round(fmean(gains("cosda-ml", "xtreme_f1"))) == -1
    switched = gains("sino-xenic")
    said = "gains {:.1f} points of accuracy ({:+.1f}, {:+.1f}, {:+.1f}) and nothing of F1"
    assert said.format(fmean(switched), *switched) in page
    assert abs(fmean(gains("sino-xenic", "xtreme_f1"))) < 0.2
    assert [round(fmean(gains("romanised-contrast", language=code))) for code in ("ko", "ja")] == [-5, -7]
    assert max(gains("romanised-contrast")) < -4
    assert round(min(gains("x-mixup"))) == 1
    exact = find_results([folder / "ja-ko-float32"])
    others = {(run.recipe["method"], run.seed): run for run in exact if not run.recipe.get("drop_spaces")}
    once = [run for run in runs if run.recipe["num_train_epochs"] == 1]
    both = [(run, others[key]) for run in once if (key := (run.recipe["method"], run.seed)) in others]
    assert "the seven runs that were made in both types" in page
    apart = [abs(a.scores["ko"]["test"]["accuracy"] - b.scores["ko"]["test"]["accuracy"]) for a, b in both]
    assert len(both) >= 7
    assert max(apart) < 0.003
    unspaced = {run.recipe["method"]: run for run in exact if run.recipe.get("drop_spaces")}
    one, merged, spaced = unspaced["plain"], unspaced["sino-xenic"], others["plain", unspaced["plain"].seed]
    scores = {
        code: [100 * run.scores[code]["test"]["accuracy"] for run in (merged, one, spaced)] for code in ("ja", "ko")
    }
    assert "changes nothing: {:.2f} on Korean beside {:.2f}".format(*scores["ko"][1:]) in page
    assert "Japanese {:.2f}, plain so {:.2f}, and Korean".format(*scores["ja"][:2]) in page
    assert "and Korean {:.2f}, plain so {:.2f}. Joined".format(*scores["ko"][:2]) in page


def test_what_is_said_of_joined_particles_is_what_their_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    folder = ROOT / "results" / "udpos-2000"
    both, alone, plain = "sino-xenic-merged", "merged", "plain-subword"
    names = (both, alone, plain, f"{both}-shuffled", "roman", "plain")
    runs = {name: find_results([folder / f"udpos-ja-ko-offline-{name}"]) for name in names}
    runs["ipa"] = find_results([folder / "udpos-ja-ko-offline"])
    assert all([run.seed for run in group] == [1, 2, 3] for group in runs.values())

    def mean(name: str, language: str = "ko", metric: str = "accuracy") -> str:
        return f"{fmean(100 * run.scores[language]['test'][metric] for run in runs[name]):.2f}"

    assert (
        f"Korean {mean(both)} with the switch by sound and {mean(alone)} alone, plain sub-words {mean(plain)}" in page
    )
    f1 = [mean(name, metric="xtreme_f1") for name in (both, alone, plain)]
    assert f"XTREME F1 {f1[0]} and {f1[1]}, plain {f1[2]}" in page
    assert f"its control, {mean(names[3])})" in page
    japanese = [mean(name, "ja") for name in (both, alone, plain)]
    assert f"points**: {japanese[0]} and {japanese[1]}, plain {japanese[2]}" in page

    def recall(name: str, language: str, tag: str) -> float:
        (row,) = [row for row in tag_recall(runs[name], language).rows if row[0] == tag]
        return float(row[2].split()[0])

    assert f"SCONJ ({recall(plain, 'ja', 'SCONJ'):.0f} to {recall(both, 'ja', 'SCONJ'):.0f} %)" in page
    assert max(recall(name, "ko", "ADV") for name in (both, alone, plain)) < 1.5
    assert f"Korean {mean('roman')} with letters, {mean('ipa')} with IPA, {mean('plain')} plain" in page


def test_what_is_said_of_the_whole_training_set_holds() -> None:
    runs = {
        name: find_results([ROOT / "results" / "udpos-whole" / "ja-ko" / name])
        for name in ("plain", "sino-xenic-merged")
    }
    plain, joined = runs.values()
    assert {run.seed for run in joined} < {run.seed for run in plain}
    assert {run.data["train"]["sentences"] for group in runs.values() for run in group} == {7125}
    for metric, gain in (("accuracy", 8), ("xtreme_f1", 4)):
        found = gain_over(joined, plain, "ko", metric, "test")
        assert found is not None
        assert round(100 * found[0]) == gain
    adverbs = [float(row[2].split()[0]) for g in (plain, joined) for row in tag_recall(g, "ko").rows if row[0] == "ADV"]
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert "{:.0f} % by plain, {:.0f} % joined".format(*adverbs) in page
    price = gain_over(joined, plain, "ja", "accuracy", "test")
    assert price is not None
    assert -1 < 100 * price[0] < 0


def test_what_is_said_of_names_is_what_their_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    folder = ROOT / "results" / "panx-2000-methods" / "zh-vi"
    plain, switched = (Result.load(folder / f"{name}.json") for name in ("plain", "sino-xenic"))
    found = [run.scores["vi"]["test"] for run in (plain, switched)]
    assert round(100 * (found[1]["xtreme_f1"] - found[0]["xtreme_f1"])) == -5
    for name, kind in (("persons (strict F1", "PER"), ("organisations (", "ORG")):
        before, after = (f"{100 * scores['strict_f1_per_type'][kind]:.1f}" for scores in found)
        assert f"{before} to {after})" in page.split(name)[1][:20]
    assert round(100 * switched.training["task_switched"]) == 7
    by_meaning = Result.load(folder / "cosda-ml.json")
    assert by_meaning.training["task_switched"] > switched.training["task_switched"]
    assert round(100 * (by_meaning.scores["vi"]["test"]["xtreme_f1"] - found[0]["xtreme_f1"])) == -3


def test_what_is_said_of_gradients_is_what_the_run_says() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    cosines = Result.load(ROOT / "results" / "gradients" / "udpos-ja-ko.json").training["gradient_cosines"]
    for name, term, average in (
        ("alignment", "align", " on average"),
        ("MLM", "mlm", ""),
        ("switched MLM", "xmlm", ""),
    ):
        found = cosines[term]
        assert f"{name} {found['mean']:.3f}{average} ({found['lowest']:.2f} to {found['highest']:.2f})" in page
        assert found["logs"] == 12


def test_what_is_said_of_vietnamese_with_its_spaces_is_what_the_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    folder = ROOT / "results" / "udpos-2000-methods"
    apart = find_results([folder / "zh-vi-apart"])
    as_written = [run for run in find_results([folder / "zh-vi"]) if run.recipe["num_train_epochs"] == 1]
    assert all(run.recipe["split_syllables"] for run in apart)

    def gains(metric: str, method: str = "plain") -> list[float]:
        before, after = (
            {run.seed: 100 * run.scores["vi"]["test"][metric] for run in runs if run.recipe["method"] == method}
            for runs in (as_written, apart)
        )
        return [score - before[seed] for seed, score in sorted(after.items())]

    plain, written = (
        [run for run in runs if run.recipe["method"] == "plain" and run.seed in range(1, 1 + len(gains("accuracy")))]
        for runs in (apart, as_written)
    )
    found = gain_over(plain, written, "vi", "accuracy", "test")
    assert found is not None
    assert found[1] is not None
    mean = "{:+.2f} [{:.2f}, {:.2f}]".format(*(100 * figure for figure in (found[0], *found[1])))
    f1 = fmean(gains("xtreme_f1"))
    assert f"plain has {joined(gains('accuracy'))} points of accuracy more" in page
    assert f"write them ({mean}; F1 {f1:+.1f} on average)" in page


def test_what_is_said_of_both_languages_as_they_are_written_is_what_the_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    folder = ROOT / "results" / "udpos-2000-methods"

    def plain(name: str) -> list[Result]:
        found = find_results([folder / name])
        return [run for run in found if (run.recipe["method"], run.recipe["num_train_epochs"]) == ("plain", 1)]

    written = plain("zh-vi-written")
    assert all(run.recipe["split_syllables"] and run.recipe["drop_spaces"] for run in written)
    xtune = [run for run in find_results([folder / "zh-vi"]) if run.recipe["method"] == "xtune"]

    def means(metric: str) -> list[str]:
        return [f"{100 * fmean(run.scores['vi']['test'][metric] for run in runs):.2f}" for runs in (written, xtune)]

    assert "({} on Vietnamese, `xtune` {}; F1 {} and {})".format(*means("accuracy"), *means("xtreme_f1")) in page
    assert f"points of accuracy (F1 {gain(written, plain('zh-vi'), 'vi', 'xtreme_f1')})" in page
    assert f"words that is {gain(written, plain('zh-vi'), 'vi')} points of accuracy" in page
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    both = [float(gain(written, plain("zh-vi"), "vi", metric).split()[0]) for metric in ("accuracy", "xtreme_f1")]
    assert "gain {:.1f} points of Vietnamese accuracy and {:.1f} of F1".format(*both) in readme
    apart = (gain(written, plain("zh-vi-apart"), "vi"), gain(written, plain("zh-vi-apart"), "vi", "xtreme_f1"))
    assert "Vietnamese apart {} (F1 {})".format(*apart) in page
    assert f"Chinese has {gain(written, plain('zh-vi-apart'), 'zh')}." in page


def test_what_is_said_of_words_as_they_are_written_is_what_the_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    folder = ROOT / "results" / "udpos-2000-methods"
    runs = find_results([folder / "zh-vi-written-words"])
    assert all(run.recipe["split_syllables"] and run.recipe["drop_spaces"] for run in runs)
    assert {run.recipe["unit"] for run in runs} == {"word"}
    plain = [run for run in runs if run.recipe["method"] == "plain"]
    before = find_results([ROOT / "results" / "udpos-2000" / "udpos-zh-vi-offline-plain"])

    def by_seed(found: list[Result], language: str = "vi") -> list[float]:
        scores = {run.seed: 100 * run.scores[language]["test"]["accuracy"] for run in found}
        return [scores[seed] for seed in (1, 2, 3)]

    gains = [now - then for now, then in zip(by_seed(plain), by_seed(before), strict=True)]
    said = f"had {fmean(by_seed(before)):.2f} on Vietnamese (README, in bfloat16) and has {fmean(by_seed(plain)):.2f}"
    assert f"{said}, {joined(gains)} points by seed" in page
    assert round(fmean(by_seed(plain, "zh")) - fmean(by_seed(before, "zh"))) == 3
    pieces = find_results([ROOT / "results" / "udpos-2000" / "udpos-zh-vi-offline-plain-subword"])
    assert f"Sub-words were {fmean(by_seed(pieces)) - fmean(by_seed(before)):.1f} points better" in page
    written = [run for run in find_results([folder / "zh-vi-written"]) if run.recipe["method"] == "plain"]
    assert f"read so they are {gain(written, plain, 'vi')} better" in page
    phonexl = [run for run in runs if run.recipe["method"] == "phonexl"]
    assert f"{gain(phonexl, plain, 'vi')} on Vietnamese" in page
    assert f"{gain(phonexl, plain, 'zh')} on Chinese ({len(phonexl)} seeds)" in page
    lead = by_seed(find_results([ROOT / "results" / "udpos-2000" / "udpos-zh-vi-offline"]))
    assert f"it was {fmean(lead) - fmean(by_seed(before)):.1f} points ahead on Vietnamese (README)" in page


def gain(runs: list[Result], others: list[Result], language: str, metric: str = "accuracy") -> str:
    """Points of some runs over those of the same seeds and sentences, with the interval, as a sentence has them."""
    seeds = {run.seed for run in runs}
    found = gain_over(runs, [run for run in others if run.seed in seeds], language, metric, "test")
    assert found is not None
    assert found[1] is not None
    return "{:+.2f} [{:.2f}, {:.2f}]".format(*(100 * figure for figure in (found[0], *found[1])))


def test_what_is_said_of_spaces_is_what_was_counted() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    cells = json.loads((ROOT / "results" / "benchmarks" / "spaces.json").read_text(encoding="utf-8"))["cells"]
    chinese = cells["udpos-zh-vi-offline"]
    assert f"{100 * chinese['lone_marks']:.0f} % of the words of its train sentences become a lone mark" in page
    assert f"{100 * (1 - chinese['pieces']):.0f} % fewer pieces, and a step of plain takes {chinese['ratio']}" in page
    ratios = [cell["ratio"] for cell in cells.values()]
    assert len(ratios) == 4
    assert f"(of the four cells {min(ratios):.2f} to {max(ratios):.2f}: " in page


def test_what_is_said_of_characters_and_spaces_is_what_the_runs_say() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    folder = ROOT / "results" / "panx-2000-methods"
    plain, cut = (Result.load(folder / "ja-ko" / f"{name}.json") for name in ("plain", "plain-joined"))
    found = [f"{100 * cut.scores[language]['test']['xtreme_f1']:.1f}" for language in ("ko", "ja")]
    assert f"they give {found[0]} F1 on Korean" in page
    assert f"finds little ({found[1]})" in page
    assert all(scores["test"]["accuracy"] == scores["test"]["majority"] for scores in plain.scores.values())
    assert f"ends at {plain.training['last_log']['task_loss']:.2f}." in page
    types = cut.scores["ko"]["test"]["strict_f1_per_type"]
    places, organisations, persons = (f"{100 * types[kind]:.1f}" for kind in ("LOC", "ORG", "PER"))
    assert f"{places} for places, {organisations} for organisations and {persons} for persons (strict)" in page
    korean, vietnamese = (
        [Result.load(path) for path in sorted(folder.glob(f"{pair}/plain-unspaced*.json"))]
        for pair in ("ja-ko", "zh-vi")
    )
    assert all(run.recipe["drop_spaces"] for run in korean + vietnamese)
    assert {run.training["steps"] for run in (plain, cut)} == {381}
    assert {run.training["steps"] for run in korean} == {378}
    assert {run.data["train"]["sha256"] for run in (cut, *korean)} == {plain.data["train"]["sha256"]}
    means = [fmean(100 * run.scores[code]["test"]["xtreme_f1"] for run in korean) for code in ("ja", "ko")]
    assert "give {:.1f} F1 on Japanese and {:.1f} on Korean**".format(*means) in page
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"give {means[1]:.1f} F1 on Korean (one seed)" in readme
    assert len(korean) == 1
    first, spaced = [run for run in vietnamese if run.seed == 1], [Result.load(folder / "zh-vi" / "plain.json")]
    assert f"{gain(first, spaced, 'vi', 'xtreme_f1')} on Vietnamese" in page
    assert f"{gain(first, spaced, 'zh', 'xtreme_f1')} on Chinese" in page


def test_what_is_said_of_the_papers_plain_rows_is_what_it_prints() -> None:
    page = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
    scores = json.loads((ROOT / "phonexl" / "paper_scores.json").read_text(encoding="utf-8"))["scores"]
    mbert, xlmr = (
        {task: [scores[name]["plain"][f"{task}.{pair}.target"][0] for pair in ("zh-vi", "ja-ko")] for task in TASKS}
        for name in ("bert-base-multilingual-cased", "xlm-roberta-base")
    )
    names = "has {} and {} for plain on names where mBERT has {} and {}"
    assert names.format(*xlmr["panx"], *mbert["panx"]).replace("14.8 ", "14.80 ") in page
    words = "it is ahead ({} and {}, mBERT {} and {})"
    assert words.format(*xlmr["udpos"], *mbert["udpos"]).replace("50.4 ", "50.40 ") in page
