import pandas as pd


def test_the_data_section_counts(evaluated, predictions, quarantine):
    late = predictions([0, 1], [0, 1])
    kept = pd.concat([late.tickets, late.tickets.assign(split="train")]).assign(label=["a", "b", "a", None])
    found = evaluated([late], tickets=kept)
    assert found.metrics["data"]["splits"] == {"test": 2, "train": 2}
    assert found.metrics["data"]["modalities"] == {"text": 4, "image": 4, "audio": 0}
    assert found.metrics["data"]["reasons"] == {"blank": 2, "bad_label": 1}
    labels = found.tables["labels"]
    assert list(labels.columns) == ["label", "train", "test"]
    assert labels.set_index("label")["train"].to_dict() == {"a": 1, "b": 0, "c": 0, "no label": 1}
    assert found.tables["quarantine"].to_dict("records")[0] == {"modality": "image", "reason": "blank", "losses": 2}
