"""Compare kefu's hashed TF-IDF with scikit-learn's exact one, and choose its defaults.

    python benchmarks/text_features.py            # about 3 minutes on one core

Variants are compared on validation rows only: retail tickets divided 70/15/15 by a hash of the customer, BANKING77
with 15% of the official training rows held out. Only kefu's defaults and scikit-learn meet the test rows.
"""

import argparse
import json
import os
import time
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, spmatrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from kefu.modalities.contract import Cleaned
from kefu.modalities.text import Cleaning, clean
from kefu.modalities.text.tfidf import Tfidf, TfidfCounter, TfidfParameters, find_buckets

SHARED = Path(os.environ.get("KEFU_SHARED", Path(__file__).parents[2] / "shared")) / "data"
LABELS = ("dress", "longsleeve", "outwear", "pants", "shirt", "shorts", "skirt", "t-shirt")
VARIANTS: dict[str, TfidfParameters] = {
    "defaults": TfidfParameters(),
    "counts, not 1 + ln c": TfidfParameters(sublinear_tf=False),
    "characters 2-5": TfidfParameters(char_ngrams=(2, 5)),
    "words 1-3": TfidfParameters(word_ngrams=(1, 3)),
    "min_df 1": TfidfParameters(min_df=1, max_features=2**18),
    "min_df 3": TfidfParameters(min_df=3),
    "word_weight 0.7": TfidfParameters(word_weight=0.7),
    "word_weight 1.5": TfidfParameters(word_weight=1.5),
    "max_features 2**14": TfidfParameters(max_features=2**14),
    "max_terms 512": TfidfParameters(max_terms=512),
}
# scikit-learn's two blocks have unit length each, kefu's together, so that the like C is half as large there
RETAIL_C, BANKING_C = 3.0, 2.0


def retail(shared: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Return the texts and labels of each split: no defective rows, no text twice, no customer in two splits."""
    tickets = pd.read_csv(shared / "retail_tickets" / "tickets.csv", keep_default_na=False)
    splits: dict[str, tuple[list[str], list[str]]] = {"train": ([], []), "val": ([], []), "test": ([], [])}
    seen = set()
    for row in tickets.drop_duplicates("ticket_id").itertuples():
        cleaned = clean(row.text, Cleaning())
        if not isinstance(cleaned, Cleaned) or row.label not in LABELS or cleaned.facts["simhash"] in seen:
            continue
        seen.add(cleaned.facts["simhash"])
        place = int.from_bytes(blake2b(str(row.customer_id).encode(), digest_size=8).digest(), "big") / 2**64
        split = "train" if place < 0.7 else "val" if place < 0.85 else "test"
        splits[split][0].append(cleaned.payload)
        splits[split][1].append(row.label)
    return splits


def banking(shared: Path, seed: int) -> dict[str, tuple[list[str], list[str]]]:
    """Return the official test rows, and the official training rows whole and divided 85/15."""
    official = {}
    for name in ("train", "test"):
        table = pd.read_csv(shared / "banking77" / f"{name}.csv")
        cleaned = [clean(text, Cleaning()) for text in table["text"]]
        official[name] = ([item.payload for item in cleaned if isinstance(item, Cleaned)], table["category"].tolist())
    texts, labels = official["train"]
    order = np.random.default_rng(seed).permutation(len(texts))
    cut = int(0.85 * len(order))
    parts = {"train": order[:cut], "val": order[cut:]}
    divided = {name: ([texts[i] for i in part], [labels[i] for i in part]) for name, part in parts.items()}
    return {**divided, "whole_train": official["train"], "test": official["test"]}


def fit_tfidf(texts: list[str], params: TfidfParameters) -> Tfidf:
    counter = TfidfCounter(params)
    for start in range(0, len(texts), 64):
        counter.add(find_buckets(texts[start : start + 64], params))
    return counter.finish()


def to_csr(tfidf: Tfidf, texts: list[str]) -> csr_matrix:
    indices, values = tfidf.extract(texts)
    starts = np.arange(len(texts) + 1) * indices.shape[1]
    matrix = csr_matrix((values.ravel(), indices.ravel(), starts), shape=(len(texts), len(tfidf.buckets)))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def sklearn_features(train: list[str], test: list[str]) -> tuple[spmatrix, spmatrix]:
    union = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
    )
    return union.fit_transform(train), union.transform(test)


def kefu_features(train: list[str], test: list[str], params: TfidfParameters) -> tuple[spmatrix, spmatrix]:
    tfidf = fit_tfidf(train, params)
    return to_csr(tfidf, train), to_csr(tfidf, test)


def lost_by_truncation(tfidf: Tfidf, texts: list[str]) -> dict[str, float]:
    """Return how many texts have more n-grams than are kept, and the mean part of the squared weights lost."""
    values = tfidf.extract(texts)[1].astype(np.float64)
    kept = (values**2).sum(axis=1)
    return {
        "truncated_texts_share": round(float(np.mean(values[:, -1] > 0)), 4),
        "mean_squared_weight_lost": round(float(np.mean(1 - kept[kept > 0])), 5),
    }


def score_retail(features: tuple[spmatrix, spmatrix], y_train: list[str], y: list[str], c: float) -> dict[str, float]:
    model = LogisticRegression(C=c, max_iter=200, class_weight="balanced").fit(features[0], y_train)
    return scores(y, model.predict(features[1]))


def score_banking(
    features: tuple[spmatrix, spmatrix], y_train: list[str], y: list[str], c: float, seed: int
) -> dict[str, float]:
    model = LinearSVC(C=c, random_state=seed).fit(features[0], y_train)
    return scores(y, model.predict(features[1]))


def scores(labels: list[str], predicted: list[str]) -> dict[str, float]:
    return {
        "macro_f1": round(f1_score(labels, predicted, average="macro"), 4),
        "accuracy": round(accuracy_score(labels, predicted), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=SHARED, help="the folder of real data (KEFU_SHARED)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "text_features.json")
    args = parser.parse_args()
    started = time.perf_counter()

    def score(dataset: str, features: tuple[spmatrix, spmatrix], y_train: list[str], y: list[str], scale: float = 1):
        if dataset == "retail":
            return score_retail(features, y_train, y, RETAIL_C * scale)
        return score_banking(features, y_train, y, BANKING_C * scale, args.seed)

    result: dict[str, object] = {"seed": args.seed, "retail_c": RETAIL_C, "banking_c": BANKING_C}
    splits = {"retail": retail(args.shared), "banking77": banking(args.shared, args.seed)}
    for dataset, parts in splits.items():
        (x, y), (x_val, y_val), (x_test, y_test) = parts["train"], parts["val"], parts["test"]
        validation = {"scikit-learn": score(dataset, sklearn_features(x, x_val), y, y_val, 0.5)}
        for name, params in VARIANTS.items():
            validation[name] = score(dataset, kefu_features(x, x_val, params), y, y_val)
            print(dataset, name, validation[name], flush=True)
        x, y = parts.get("whole_train", parts["train"])
        tfidf = fit_tfidf(x, TfidfParameters())
        test = {
            "scikit-learn": score(dataset, sklearn_features(x, x_test), y, y_test, 0.5),
            "kefu defaults": score(dataset, (to_csr(tfidf, x), to_csr(tfidf, x_test)), y, y_test),
        }
        print(dataset, "test", test, flush=True)
        result[dataset] = {
            "num_rows": {name: len(part[0]) for name, part in parts.items()},
            "validation": validation,
            "test": test,
            "num_features": len(tfidf.buckets),
            **lost_by_truncation(tfidf, x),
        }
    result["seconds"] = round(time.perf_counter() - started, 1)
    args.out.parent.mkdir(exist_ok=True)
    args.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
