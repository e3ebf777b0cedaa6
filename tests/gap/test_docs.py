"""The page on gaps: its figures are those of the files in results/."""

import re
from pathlib import Path
from statistics import fmean

import pytest

from evaluate_metrics.rpd.performance_gap import performance_gap
from phonexl.gap.analysis import Analysis
from phonexl.gap.analysis_tables import set_summary
from phonexl.gap.floor_table import floor_table
from phonexl.gap.published import TABLE_1, TABLE_2
from phonexl.gap.report import read_inputs
from phonexl.gap.scores import collect_points, collect_systems, correlate, scores_of
from phonexl.gap.symbols import SymbolCoverage
from phonexl.gap.tables import difference_table
from phonexl.json_file import read_json
from phonexl.pretraining.comparison import compare
from phonexl.results import Result, Table, find_results

ROOT = Path(__file__).resolve().parents[2]
FINE_TUNED = ROOT / "results" / "gap" / "fine-tuned"
NAMES = ("character", "phoneme", "romanized", "private-character", "private-phoneme")
ENDS = ("", "-ipa", "-romanized")
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
PAGE = (ROOT / "docs" / "gap.md").read_text(encoding="utf-8")


def test_the_table_is_rendered_from_the_analysis():
    found = re.search(r"<!-- gap sets: text -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found
    analysis = Analysis.load(ROOT / "results" / "gap" / "offline-text" / "analysis.json")
    assert found.group(1) == set_summary(analysis).markdown()


def test_the_table_of_symbols_is_rendered_from_its_file():
    found = re.search(r"<!-- gap symbols: plbert-kokoro -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found
    coverage = SymbolCoverage.load(ROOT / "results" / "gap" / "symbols" / "plbert-kokoro.json")
    assert found.group(1) == coverage.table().markdown()
    assert "a quarter of what is heard is lost" in PAGE
    assert 0.24 < coverage.rates["vie"]["unknown"] / coverage.rates["vie"]["segments"] < 0.27


def test_the_floors_are_rendered_from_the_runs_and_exceeded_but_by_ipa():
    found = re.search(r"<!-- gap floors: fine-tuned -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found
    table = floor_table(find_results([FINE_TUNED]))
    assert found.group(1) == table.markdown()
    for name, *_, verdict in table.rows:
        assert (verdict == "above") is not name.endswith("-ipa"), name


def test_what_the_page_says_of_fine_tuning_holds():
    runs = {path.parent.name: scores_of(Result.load(path), "test") for path in FINE_TUNED.glob("*/seed-1.json")}
    read = {language: runs[f"pos-{language}-offline-ipa"][language] for language in ("eng", "fra", "rus", "kor", "tur")}
    text = [runs[f"pos-{language}-offline"][language] for language in read]
    found = performance_gap(list(read.values()), list(read), scale=1.0, other_scores=text)
    other = performance_gap(text, list(read), scale=1.0)
    assert f"is {found['mean_rpd']:.1f} with IPA and {other['mean_rpd']:.1f} without" in " ".join(PAGE.split())
    latin = [runs[f"pos-{language}-offline-romanized"][language] for language in read]
    assert f"mean RPD {performance_gap(latin, list(read), scale=1.0)['mean_rpd']:.1f}." in PAGE
    assert [latin[i] == text[i] for i in range(len(latin))] == [True, True, False, False, True]
    seeds = [scores_of(run, "test") for run in find_results([FINE_TUNED / "pos-eng-offline-zero-shot"])]
    zero_shot = {language: fmean(scores[language] for scores in seeds) for language in seeds[0]}
    assert [round(100 * zero_shot[language]) for language in ("ita", "fra", "kor")] == [88, 84, 47]
    assert max(zero_shot.values()) == zero_shot["eng"]
    assert min(zero_shot.values()) == zero_shot["kor"]
    assert round(100 * runs["pos-kor-offline"]["kor"]) == 76
    for language, name in (("rus", "Russian"), ("kor", "Korean")):
        own, ipa, roman = (f"{100 * runs[f'pos-{language}-offline{end}'][language]:.1f}" for end in ENDS)
        assert re.search(rf"{name} {roman} \((its script )?{own}, (IPA )?{ipa}\)", PAGE)
    assert round(100 * runs["ner-eng-offline-zero-shot"]["kor"]) == 44
    assert round(100 * runs["ner-kor-offline"]["kor"]) == 50
    pairs = {language: runs[f"xnli-{language}-offline"][language] for language in ("eng", "swa", "urd")}
    words = [
        f"{name} {100 * score:.1f}" for name, score in zip(("English", "Swahili", "Urdu"), pairs.values(), strict=True)
    ]
    unequal = performance_gap(list(pairs.values()), list(pairs), scale=1.0)["mean_rpd"]
    assert f"{', '.join(words)}, mean RPD {unequal:.1f}." in " ".join(PAGE.split())
    (paper,) = [row.scores for row in TABLE_2 if row.name == "subword"]
    assert "has {}, {} and {} after".format(*(f"{100 * paper[language]:.1f}" for language in pairs)) in PAGE


def test_what_the_page_says_of_closeness_holds():
    inputs = read_inputs([ROOT / "results" / "gap" / "classifiers", FINE_TUNED / "pos-eng-offline-zero-shot"])
    analyses = list(inputs.analyses.values())
    (system,) = collect_systems(inputs.results, "test")
    points = collect_points(system, analyses)
    assert len(points) == 27
    found = correlate(points)
    assert found["Sinkhorn distance"]["spearman"] > 0 > found["CKA"]["spearman"]
    for name in ("Sinkhorn distance", "CKA", "CKA, length taken out"):
        low, high = found[name]["clusters_alone"]["spearman"]["range"]
        assert low - 0.005 < found[name]["spearman"] < high + 0.005
        assert found[name]["spearman_p_value"] < 0.02
        assert found[name]["partial_p_value"] > 0.16
    assert found["CKA"]["partial_spearman"] > 0
    one = correlate([point for point in points if point.seed == 1])["Sinkhorn distance"]
    assert round(one["spearman_p_value"], 2) == 0.15
    precision = fmean(one.features["layer -1"]["retrieval"]["csls"] for one in analyses)
    before = Analysis.load(ROOT / "results" / "gap" / "offline-text" / "analysis.json")
    assert (round(precision, 2), round(before.features["layer -1"]["retrieval"]["csls"], 2)) == (0.08, 0.99)
    assert fmean(one.answers["sinkhorn"]["distance"] for one in analyses) == pytest.approx(0.035, abs=5e-4)
    every = [most for one in analyses for most in one.answers["majority"].values()]
    assert {most["class"] for most in every} == {"NOUN"}
    shares = [most["share"] for most in every]
    assert (round(100 * min(shares)), round(100 * max(shares))) == (68, 88)


def test_what_the_page_says_of_sound_under_the_lens_holds():
    plain, phonexl = (
        Analysis.load(ROOT / "results/gap/pairs" / name / "analysis.json") for name in ("plain", "phonexl")
    )
    precision = {name: found["retrieval"]["csls"] for name, found in phonexl.features.items()}
    assert [round(100 * precision[name]) for name in ("words only", "words with sound")] == [16, 15]
    assert round(precision["sound only"], 3) == 0.007
    assert round(phonexl.features["sound only"]["cka"]["length_partialled"]["mean"], 2) == 0.24
    last = [found.features["layer -1"]["retrieval"]["csls"] for found in (phonexl, plain)]
    assert "P@1 CSLS {:.2f}, plain {:.2f}".format(*last) in " ".join(PAGE.split())


def column(table: Table, name: str) -> list[str]:
    place = table.columns.index(name)
    return [row[place] for row in table.rows]


def shares_of_bits(table: Table) -> list[float]:
    """Bits a word over those that frequencies of symbols alone give."""
    names = ("bits a word", "bits a word by frequency")
    return [float(bits) / float(floor) for bits, floor in zip(*(column(table, name) for name in names), strict=True)]


def test_the_pretrained_encoders_learnt_more_than_frequencies_but_for_subwords():
    found = re.search(r"<!-- pretraining: results/pretraining -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found
    first, table = (
        compare(find_results([ROOT / "results" / name])) for name in ("pretraining-whole-words", "pretraining")
    )
    assert found.group(1) == table.markdown()
    shares = dict(zip(column(table, "representation"), shares_of_bits(table), strict=True))
    assert len(shares) == 6
    assert shares.pop("subword") > 1
    assert (round(100 - 100 * max(shares.values())), round(100 - 100 * min(shares.values()))) == (12, 14)
    assert "within 4 % of the frequencies" in " ".join(PAGE.split())
    assert all(0.96 < share < 1 for share in shares_of_bits(first))
    bits = [dict(zip(column(t, "representation"), column(t, "bits a word"), strict=True)) for t in (first, table)]
    assert "characters at {character} bits, now {now}".format(**bits[0], now=bits[1]["character"]) in PAGE


def test_what_the_page_says_of_digits_holds():
    places = {
        (kind, name): ROOT / "results" / "gap" / kind / name / "analysis.json"
        for kind, names in (("pretrained", NAMES), ("untrained", NAMES[:2]))
        for name in names
    }
    found = {key: Analysis.load(path) for key, path in places.items()}

    def mean(name: str, layer: str, figure: str) -> float:
        return found["pretrained", name].features[f"layer {layer}"]["cka"][figure]["mean"]

    output = [f"{mean(name, '-1', 'length_partialled'):.2f}" for name in ("character", "phoneme")]
    rest = [f"{mean(name, '-1', 'signs_partialled'):.2f}" for name in ("character", "phoneme")]
    words = " ".join(PAGE.split())
    assert "phonemes do, {} against {} at the output".format(*output) in words
    assert "taken out, {} and {} are left".format(*rest) in words
    pair = {name: found["pretrained", name] for name in ("character", "phoneme")}
    published = [row.mean_cka for row in TABLE_1 if row.task == "ner"]
    ours = [encoder.features["layer 0"]["cka"]["biased"] for encoder in pair.values()]
    assert (
        "have {:.2f} and {:.2f}; the paper has it the other way round, {:.2f} and {:.2f},".format(*ours, *published)
        in words
    )
    table = difference_table(pair)
    for row in table.rows:
        ends = {
            name: [float(end) for end in re.findall(r"-?[\d.]+", row[table.columns.index(name)])[1:]]
            for name in ("length taken out", "digits and punctuation too")
        }
        assert max(ends["length taken out"]) < 0
        assert min(ends["digits and punctuation too"]) < 0 < max(ends["digits and punctuation too"])
    ratios = pair["character"].features["layer -1"]["participation_ratios"].values()
    assert f"ratio {min(ratios):.1f} to {max(ratios):.1f} at" in words
    shared, private = (f"{mean(name, '0', 'length_partialled'):.2f}" for name in ("character", "private-character"))
    assert f"({private} with nothing in common, {shared} shared)" in words
    for encoder in found.values():
        assert all(figures["retrieval"]["csls"] < 0.016 for figures in encoder.features.values())
    untrained = found["untrained", "character"].features
    for figures in (untrained["layer 0"], untrained["layer -1"]):
        taken_out = (figures["cka"][key]["mean"] for key in ("length_partialled", "signs_partialled"))
        assert "{:.3f} at either end, {:.3f} without digits and punctuation".format(*taken_out) in words
        assert f"(P@1 CSLS {figures['retrieval']['csls']:.3f})" in words
    folder = ROOT / "results" / "gap" / "untrained"
    renamed, pieces = (
        Analysis.load(folder / name / "analysis.json").features for name in ("private-character", "subword")
    )
    for figures in (renamed["layer 0"], renamed["layer -1"]):
        assert f"renamed, they have {figures['cka']['length_partialled']['mean']:.3f} and find none" in words
        assert figures["retrieval"]["csls"] < figures["retrieval"]["chance_high"]
    assert f"find most, {pieces['layer 0']['retrieval']['csls']:.2f}, by words" in words
    latin = [mean("romanized", end, key) for key in ("length_partialled", "signs_partialled") for end in ("0", "-1")]
    assert "{:.2f} at the input and {:.2f} at the output, {:.2f} and {:.2f} without".format(*latin) in words
    pieces = Analysis.load(ROOT / "results" / "gap" / "pretrained" / "subword" / "analysis.json").features
    alike = [pieces[f"layer {end}"]["cka"]["length_partialled"]["mean"] for end in ("0", "-1")]
    few = pieces["layer -1"]["participation_ratios"].values()
    assert "have {:.2f} and {:.2f}, and at the output one direction".format(*alike) in words
    assert f"one direction (participation ratio {min(few):.1f} to {max(few):.1f})" in words
    offline = Analysis.load(ROOT / "results" / "gap" / "offline-text" / "analysis.json").features["layer -1"]["cka"]
    before, after = (f"{offline[key]['mean']:.2f}" for key in ("length_partialled", "signs_partialled"))
    assert f"backbone's {before} at the output {after} is left" in words
    rename = difference_table({name: found["pretrained", name] for name in ("character", "private-character")})
    at = dict(zip(column(rename, "vectors"), column(rename, "length taken out"), strict=True))
    low, high = (float(end) for end in re.findall(r"-?[\d.]+", at["layer 0"])[1:])
    assert low < 0 < high  # as much alike at the input ...
    assert float(re.findall(r"-?[\d.]+", at["layer -1"])[2]) < 0  # ... and at the output sharing adds
    speed = read_json(ROOT / "results" / "benchmarks" / "pretraining.json")["representations"].values()
    shares = [round(100 * row["packed"]["flops_utilisation"]) for row in speed]
    slower = [row["padded"]["slower_than_packed"] for row in speed]
    assert f"packed rows do {min(shares)} to {max(shares)} % of" in words
    assert f"take {min(slower)} to {max(slower)} times as long" in words
    assert "CKA of {} at the output and phonemes {}".format(*output) in README
    assert "taken out {} and {} are left".format(*rest) in README


def test_the_two_ways_to_take_covariates_out_differ_as_the_page_says():
    folders = [ROOT / "results" / "gap" / name / "character" for name in ("both-sides-out", "pretrained-bfloat16")]
    new, old = (Analysis.load(folder / "analysis.json") for folder in folders)
    assert (new.model_digest, new.sha256) == (old.model_digest, old.sha256)
    keys = ("length_partialled", "signs_partialled")
    apart = [abs(new.features[name]["cka"][key]["mean"] - old.features[name]["cka"][key]["mean"])
             for name in old.features for key in keys]  # fmt: skip
    assert f"differ by {max(apart):.3f} at most" in " ".join(PAGE.split())


def test_what_the_page_says_of_rounding_holds():
    analyses = read_inputs([ROOT / "results" / "gap" / "pretrained-bfloat16"]).analyses
    character, phoneme = (found.features["layer -1"]["cka"] for found in analyses.values())
    keys = ("length_partialled", "signs_partialled")
    means = [[round(found[key]["mean"], 2) for key in keys] for found in (character, phoneme)]
    assert means == [[0.48, 0.04], [0.03, 0.02]]
    rows = {row[2]: row for row in difference_table(analyses).rows}
    found = [[float(part) for part in re.findall(r"-?[\d.]+", rows[layer][6])] for layer in ("layer -1", "layer 0")]
    assert [[round(part, 2) for part in parts] for parts in found] == [[-0.02, -0.05, 0.01], [-0.03, -0.06, 0.0]]


def test_what_the_page_says_of_a_second_seed_holds():
    analyses = read_inputs([ROOT / "results" / "gap" / "pretrained-seed-2"]).analyses
    keys = ("length_partialled", "signs_partialled")
    (character, *left), (phoneme, *others) = (
        [f"{found.features['layer -1']['cka'][key]['mean']:.2f}" for key in keys] for found in analyses.values()
    )
    page = " ".join(PAGE.split())
    assert f"at the output characters have {character} with length taken out and not 0.65, phonemes {phoneme}" in page
    assert f"Without digits and punctuation {left[0]} and {others[0]} are left. Bits a word" in page
    assert f"(from a second seed {character} and {phoneme})" in README
    rows = {row[2]: row for row in difference_table(analyses).rows}
    low, high = (float(part) for part in re.findall(r"-?[\d.]+", rows["layer -1"][5])[1:])
    assert low < 0 < high
    runs = find_results([ROOT / "results" / "pretraining-seed-2"])
    assert {run.seed for run in runs} == {2}
    bits = [row[7] for row in compare(runs).rows]
    assert f"Bits a word: characters {bits[0]}, phonemes {bits[1]}." in page


def test_what_the_page_says_of_tagging_by_phonemes_holds():
    systems = collect_systems(find_results([ROOT / "results" / "gap" / "fine-tuned-arms"]), "test")
    characters, phonemes, romanized = systems
    names = [f"{name}-step-4950" for name in ("character", "phoneme", "romanized")]
    assert [system.name for system in systems] == names
    lost = {language: 100 * (score - phonemes.means[language]) for language, score in characters.means.items()}
    assert round(lost.pop("kor")) == 32
    assert (round(min(lost.values())), round(max(lost.values()))) == (8, 11)
    found, before = phonemes.gap(characters), characters.gap()
    page = " ".join(PAGE.split())
    assert f"the mean RPD is {found['mean_rpd']:.1f} and not {before['mean_rpd']:.1f}" in page
    assert f"p = {found['comparison']['p_value']:.2f}" in page
    without = [system.gap()["leave_one_out"]["kor"] for system in (phonemes, characters)]
    assert "little of it is left: {:.1f} and {:.1f}".format(*without) in page
    apart = {language: 100 * (romanized.means[language] - score) for language, score in characters.means.items()}
    assert f"but in Russian ({apart.pop('rus'):.1f}) and Korean ({apart.pop('kor'):.1f})" in page
    assert max(map(abs, apart.values())) < 3
    ahead = [100 * (score - phonemes.means[language]) for language, score in romanized.means.items()]
    assert f"{min(ahead):.0f} to {max(ahead):.0f} points ahead of phonemes in every language" in page
    letters, left = romanized.gap(characters), romanized.gap()["leave_one_out"]["kor"]
    chance = letters["comparison"]["p_value"]
    assert (
        f"is {letters['mean_rpd']:.1f} (swap test against characters, p = {chance:.2f}), without Korean {left:.1f}"
        in page
    )
    rows = floor_table(find_results([ROOT / "results" / "gap" / "fine-tuned-arms"])).rows
    below = [row[0] for row in rows if row[-1] != "above"]
    assert len([name for name in below if "romanized" not in name]) == 10
    assert f"are below a floor that reads no context, and {len(below) - 10} of the six of romanised letters" in page
    for name, rate in (("character", 2e-3), ("phoneme", 1e-3), ("romanized", 1e-3)):
        best = read_json(ROOT / "results" / "gap" / "sweeps" / f"pos-kor-{name}.json")
        assert best["settings"] == {"learning_rate": rate}
        trained = read_json(ROOT / "results" / "gap" / "fine-tuned-arms" / f"pos-kor-{name}-step-4950" / "seed-1.json")
        assert trained["recipe"]["learning_rate"] == rate
    bits = {run.name: run for run in find_results([ROOT / "results" / "pretraining-bfloat16"])}
    table = compare(list(bits.values()))
    printed = {row[0]: row[table.columns.index("bits a word")] for row in table.rows}
    assert f"{printed['character']} and {printed['phoneme']} bits a word" in page


def test_what_the_page_says_of_the_last_layer_holds():
    analysis = Analysis.load(ROOT / "results" / "gap" / "offline-text" / "analysis.json")
    figures = analysis.features["layer -1"]
    different = figures["sinkhorn"]["different_sentences"]
    assert figures["sinkhorn"]["divergence"]["mean"] < different["null"]["mean"]
    assert different["divergence"]["interval"][0] > different["null"]["high"]
    assert figures["h_divergence"]["proxy_a_distance"]["mean"] > 1.99
    assert figures["retrieval"]["csls"] > 0.9


def test_every_result_the_page_names_is_there():
    for name in re.findall(r"results/[\w/-]+", PAGE):
        assert list((ROOT / name).rglob("*.json")), name
